import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import type { Dataset } from '../../data/dataset.js'
import {
  buildModel,
  createEngine,
  initialParameters,
  type BackendName,
  type TrainingSettings
} from '../../engine/index.js'
import { threadCpuMs } from '../../engine/thread-time.js'
import { createRng } from '../../learning/rng.js'
import { printResult } from '../output.js'
import { PYTORCH_SOURCE } from './pytorch.js'

// How fast is a training step of the compiled plan, against stock tfjs-wasm and PyTorch on one thread?

const BATCH = 32
const ROWS = 4 * BATCH
const MEASURED = 11
/** A measurement takes as many steps as fill this time, at least one. */
const LEAST_MS = 200
const TRAINING: TrainingSettings = {
  loss: 'softmax-cross-entropy',
  optimizer: 'sgd',
  learningRate: 0.01,
  momentum: 0,
  batchSize: BATCH
}

const MODELS: readonly [string, number[], number][] = [
  ['mlp', [784], 10],
  ['lenet', [28, 28, 1], 10],
  ['ds-cnn', [49, 10, 1], 12],
  ['ds-cnn:batch', [49, 10, 1], 12],
  ['conv1d', [128, 9], 6]
]

/** CPU milliseconds a step: the median, and half the distance between the quartiles. */
interface Timing {
  readonly median: number
  readonly spread: number
}

function randomDataset(inputShape: number[], classes: number): Dataset {
  const rng = createRng('bench')
  const width = inputShape.reduce((product, extent) => product * extent, 1)
  const features = Float32Array.from({ length: ROWS * width }, () => rng.uniform())
  return {
    rows: ROWS,
    inputShape,
    features,
    scale: 1,
    labels: Float32Array.from({ length: ROWS }, () => rng.integer(classes))
  }
}

/** @returns undefined when the backend cannot train the model here */
async function measure(
  name: string,
  inputShape: number[],
  classes: number,
  backend: BackendName
): Promise<Timing | undefined> {
  const topology = buildModel(name, inputShape, classes, TRAINING.loss)
  const engine = await createEngine({ topology, training: TRAINING, backend }).catch(() => undefined)
  if (engine === undefined) return undefined
  const parameters = initialParameters(topology, 1)
  const data = randomDataset(inputShape, classes)
  let firstStep = 0
  const run = async (steps: number) => {
    const started = threadCpuMs()
    await engine.train(parameters, data, { firstStep, steps, seed: 1 })
    firstStep += steps
    return (threadCpuMs() - started) / steps
  }
  await run(5)
  // By the wall clock: the thread's own counts in ticks, too coarse for a few steps.
  const started = performance.now()
  await run(5)
  const steps = Math.max(1, Math.ceil((5 * LEAST_MS) / (performance.now() - started)))
  const times: number[] = []
  for (let i = 0; i < MEASURED; i++) times.push(await run(steps))
  engine.dispose()
  return summarise(times)
}

function summarise(times: number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 2 }
}

/** Times of PyTorch by model, or undefined where Python has none. */
function measurePyTorch(): Record<string, Timing> | undefined {
  const env = { ...process.env, OMP_NUM_THREADS: '1' }
  try {
    const models = JSON.stringify(MODELS.map(([name]) => name))
    const printed = execFileSync('python3', ['-c', PYTORCH_SOURCE, models, String(BATCH), String(MEASURED)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env
    })
    const times = JSON.parse(printed) as Record<string, number[]>
    return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, summarise(values)]))
  } catch {
    return undefined
  }
}

function format(timing: Timing | undefined): string {
  return timing === undefined ? '-' : `${timing.median.toFixed(2)} ±${timing.spread.toFixed(2)}`
}

function ratio(ours: Timing, theirs: Timing | undefined): string {
  return theirs === undefined ? '-' : `${(ours.median / theirs.median).toFixed(2)}x`
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}

function print(...cells: string[]): void {
  printResult(`${cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(15))).join('')}`)
}

printResult(
  `CPU ms a training step, batch ${BATCH}, sgd, one thread: median ± half the quartile distance of ${MEASURED}`
)
printResult(`${cpus()[0].model}, Node ${process.version}, commit ${commit()}\n`)
const pytorch = measurePyTorch()
print('model', 'plan', 'tfjs-wasm', 'plan/wasm', 'PyTorch', 'plan/PyTorch')
for (const [name, inputShape, classes] of MODELS) {
  const plan = await measure(name, inputShape, classes, 'plan')
  if (plan === undefined) throw new Error(`the plan does not train ${name}`)
  const wasm = await measure(name, inputShape, classes, 'wasm')
  const torch = pytorch?.[name]
  print(name, format(plan), format(wasm), ratio(plan, wasm), format(torch), ratio(plan, torch))
}
printResult('\n- under tfjs-wasm: it has no gradient for a layer of the model.')
if (pytorch === undefined) printResult('PyTorch is skipped: python3 has no torch (Debian: python3-torch).')
