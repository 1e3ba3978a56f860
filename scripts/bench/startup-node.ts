// A node that takes one training step and says when. Started by startup.ts with an IPC channel.
import { performance } from 'node:perf_hooks'
import { mnistFolder } from '../../data/mnist.js'

const tell = (milestone: string): void => {
  process.send!([milestone, performance.timeOrigin + performance.now()])
}

tell('node')
const { createNode } = await import('../../node/index.js')
tell('modules')
const { loadOwnData } = await import('../../node/own-data.js')
const rows = Array.from({ length: 1000 }, (_, row) => row)
const node = await createNode({
  data: schema => loadOwnData(mnistFolder(), { schema, trainRows: rows }),
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
