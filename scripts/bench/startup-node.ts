// A node that takes one training step and says when, as an application that embeds it would. Started by startup.ts with an IPC
// channel and the path of its data.
import { performance } from 'node:perf_hooks'

const tell = (milestone: string): void => {
  process.send!([milestone, performance.timeOrigin + performance.now()])
}

tell('node')
const { createNode } = await import('murmuration')
tell('modules')
const node = await createNode({
  data: process.argv[2],
  listen: ['/ip4/127.0.0.1/tcp/0'],
  settings: { localSteps: 1 },
  rounds: 1,
  evaluateEvery: 0
})
tell('created')
node.on('averaged', () => tell('first step'))
node.on('finished', () => void node.stop().then(() => process.disconnect()))
await node.open()
node.start()
