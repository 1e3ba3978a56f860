import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mnistFolder } from '../../data/mnist.js'
import { printTable, quantile } from './report.js'

// How long does a node take from the start of its process to the end of its first training step?

const starts = 15
const trainRows = 1000
const script = fileURLToPath(new URL('./startup-node.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'murmuration-startup-'))
/** In their order, with what takes the time before each. */
const milestones: Readonly<Record<string, string>> = {
  node: 'Node itself',
  modules: 'modules of the package',
  created: 'libp2p, data, host, training worker',
  'first step': 'first training step'
}

/** MNIST with no more training images than this, all test images. */
function fillFolder(): void {
  const whole = mnistFolder()
  for (const name of readdirSync(whole)) {
    if (!name.startsWith('train-')) copyFileSync(join(whole, name), join(folder, name))
    else writeFileSync(join(folder, name), firstRows(readFileSync(join(whole, name))))
  }
}

function firstRows(idx: Buffer): Buffer {
  const header = 4 + 4 * idx[3]
  const rows = idx.readUInt32BE(4)
  const part = Buffer.from(idx.subarray(0, header + (trainRows * (idx.length - header)) / rows))
  part.writeUInt32BE(trainRows, 4)
  return part
}

/** @returns milliseconds since the process was started, by milestone */
async function start(): Promise<Record<string, number>> {
  const startedMs = performance.timeOrigin + performance.now()
  const child = fork(script, [folder], { execArgv: [] })
  const reached: Record<string, number> = {}
  child.on('message', message => {
    const [milestone, atMs] = message as [string, number]
    reached[milestone] = atMs - startedMs
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the node ended with code ${code}`)
  return reached
}

const runs: Record<string, number>[] = []
try {
  fillFolder()
  await start() // files are in memory from here on
  for (let i = 0; i < starts; i++) runs.push(await start())
} finally {
  rmSync(folder, { recursive: true })
}
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
