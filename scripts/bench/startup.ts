import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { printTable, quantile } from './report.js'

// How long does a node take from the start of its process to the end of its first training step?

const starts = 15
const script = fileURLToPath(new URL('./startup-node.js', import.meta.url))
/** In their order, with what takes the time before each. */
const milestones: Readonly<Record<string, string>> = {
  node: 'Node itself',
  modules: 'modules of the package',
  created: 'libp2p, data, host, training worker',
  'first step': 'first training step'
}

/** @returns milliseconds since the process was started, by milestone */
async function start(): Promise<Record<string, number>> {
  const startedMs = performance.timeOrigin + performance.now()
  const child = fork(script, { execArgv: [] })
  const reached: Record<string, number> = {}
  child.on('message', message => {
    const [milestone, atMs] = message as [string, number]
    reached[milestone] = atMs - startedMs
  })
  await once(child, 'exit')
  return reached
}

await start() // files are in memory from here on
const runs: Record<string, number>[] = []
for (let i = 0; i < starts; i++) runs.push(await start())
const rows: string[][] = [['UNTIL', 'MEDIAN', 'QUARTILES', 'OF THIS']]
let before = 0
for (const [milestone, what] of Object.entries(milestones)) {
  const times = runs.map(run => run[milestone])
  const [low, median, high] = [0.25, 0.5, 0.75].map(share => quantile(times, share))
  rows.push([
    what,
    `${median.toFixed(0)} ms`,
    `${low.toFixed(0)}-${high.toFixed(0)} ms`,
    `${(median - before).toFixed(0)} ms`
  ])
  before = median
}
printTable('From the start of a process to its first training step: mlp, 1,000 images of MNIST, 15 starts.', rows)
