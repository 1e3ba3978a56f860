import { setFlagsFromString } from 'node:v8'
import type { Dataset } from '../../data/dataset.js'
import {
  buildModel,
  createEngine,
  initialParameters,
  type Engine,
  type ModelTopology,
  type TrainingSettings
} from '../../engine/index.js'
import type { LayerConfig } from '../../engine/layers.js'
import { createStockWasmEngine } from '../../engine/tfjs.js'
import { threadCpuMs } from '../../engine/thread-time.js'
import { createRng } from '../../learning/rng.js'
import { printResult } from '../output.js'
import { measureGrowth } from './engine-memory.js'
import { measureProduct, PRODUCTS } from './gemm.js'
import { holdToOneCore } from './one-core.js'
import { startPyTorch } from './pytorch.js'
import { machine } from './report.js'

// How fast is a training step of the compiled plan, against PyTorch on one thread and stock tfjs-wasm? How near are products to
// what the processor can do? What does memory do in 10,000 steps? Arguments: models to be timed instead of all, `products`,
// or `memory`.

const BATCH = 32
const ROWS = 4 * BATCH
/** Each takes every engine in turn, so that a slow moment of the machine strikes all. */
const ROUNDS = 11
/** A measurement takes as many steps as fill this time, at least one. */
const LEAST_MS = 150
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
  ['ds-cnn:none', [49, 10, 1], 12],
  ['resnet8', [32, 32, 3], 10],
  ['conv1d', [128, 9], 6],
  ['gru', [128, 9], 6]
]
/** Trained on stock tfjs-wasm too, which has no gradient for the layers of the others. */
const STOCK = ['mlp']

/** Takes some steps and tells the CPU milliseconds of one. */
type Step = (steps: number) => Promise<number>

function randomDataset(inputShape: number[], classes: number): Dataset {
  const rng = createRng('bench')
  const width = inputShape.reduce((product, extent) => product * extent, 1)
  const features = Float32Array.from({ length: ROWS * width }, () => rng.uniform())
  const labels = Float32Array.from({ length: ROWS }, () => rng.integer(classes))
  return { rows: ROWS, inputShape, features, scale: 1, labels }
}

function stepsOf(engine: Engine, topology: ModelTopology, data: Dataset): Step {
  const parameters = initialParameters(topology, 1)
  let firstStep = 0
  return async steps => {
    const started = threadCpuMs()
    await engine.train(parameters, data, { firstStep, steps, seed: 1 })
    firstStep += steps
    return (threadCpuMs() - started) / steps
  }
}

/** @returns times of each in the order of `runs` */
async function interleave(runs: readonly Step[]): Promise<number[][]> {
  const steps: number[] = []
  for (const run of runs) {
    await run(10)
    // By the wall clock: the thread's own counts in ticks, too coarse for a few steps.
    const started = performance.now()
    await run(5)
    steps.push(Math.max(1, Math.ceil((5 * LEAST_MS) / (performance.now() - started))))
  }
  const times: number[][] = runs.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) times[i].push(await run(steps[i]))
  }
  return times
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(share * (sorted.length - 1))]
}

/** The median, and half the distance between the quartiles. */
function format(times: number[] | undefined): string {
  if (times === undefined) return '-'
  return `${quantile(times, 0.5).toFixed(2)} ±${((quantile(times, 0.75) - quantile(times, 0.25)) / 2).toFixed(2)}`
}

/** The median over rounds of the ratio of two engines in one round. */
function ratio(ours: number[], theirs: number[] | undefined): string {
  if (theirs === undefined) return '-'
  const ratios = ours.map((time, round) => time / theirs[round])
  return `${quantile(ratios, 0.5).toFixed(2)}x`
}

function topologyOf(name: string, inputShape: number[], classes: number): ModelTopology | undefined {
  const [model, option] = name.split(':')
  if (option === 'none') return withoutNormalization(buildModel(model, inputShape, classes, TRAINING.loss))
  try {
    return buildModel(name, inputShape, classes, TRAINING.loss)
  } catch {
    return undefined
  }
}

/** A chain of layers with a bias wherever a normalisation was. */
function withoutNormalization(topology: ModelTopology): ModelTopology {
  const config = topology.config as { layers: LayerConfig[] }
  const layers = config.layers
    .filter(layer => !layer.class_name.endsWith('Normalization'))
    .map(layer => ({ ...layer, config: { ...layer.config, ...('use_bias' in layer.config && { use_bias: true }) } }))
  return { ...topology, config: { ...config, layers } }
}

function print(...cells: string[]): void {
  printResult(cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(13))).join(''))
}

// The code that V8 would come to after a while: on a loaded machine that is after the measurement.
setFlagsFromString('--no-liftoff')

holdToOneCore()
printResult(machine())
const asked = process.argv.slice(2)
const isAsked = (name: string): boolean => asked.length === 0 || asked.includes(name)
const models = MODELS.filter(([name]) => isAsked(name)).flatMap(([name, inputShape, classes]) => {
  const topology = topologyOf(name, inputShape, classes)
  if (topology === undefined) printResult(`${name} is skipped: it is not built in.`)
  return topology === undefined ? [] : [{ name, inputShape, classes, topology }]
})
const pytorch = await startPyTorch(
  models.map(({ name }) => name),
  BATCH
)
printResult(
  pytorch === undefined
    ? 'PyTorch is skipped: neither python3 nor /usr/bin/python3 has torch (Debian: python3-torch).'
    : `PyTorch ${pytorch.version}, whose own product of 512 x 512 runs at ${pytorch.gigaflops.toFixed(0)} GFLOP/s`
)

printResult(
  `\nCPU ms a training step, batch ${BATCH}, sgd, one thread, ${ROUNDS} rounds: median ± half the quartile distance`
)
print('model', 'plan', 'PyTorch', 'plan/PyTorch', 'reproducible', 'repr./PyT.', 'tfjs-wasm', 'plan/wasm')
for (const { name, inputShape, classes, topology } of models) {
  const data = randomDataset(inputShape, classes)
  const parameters = initialParameters(topology, 1).length
  const theirs = pytorch?.parameters[name]
  const isSame = theirs === parameters
  if (theirs !== undefined && !isSame) {
    printResult(`${name} is not compared: ${parameters} parameters here, ${theirs} in PyTorch`)
  }
  const init = { topology, training: TRAINING }
  const engines = [
    await createEngine({ ...init, backend: 'plan' }),
    await createEngine({ ...init, backend: 'plan', reproducible: true }),
    ...(STOCK.includes(name) ? [await createStockWasmEngine(init)] : [])
  ]
  const runs = engines.map(engine => stepsOf(engine, topology, data))
  if (pytorch !== undefined && isSame) runs.push(steps => pytorch.time(name, steps))
  const times = await interleave(runs)
  const [plan, reproducible] = times
  const stock = STOCK.includes(name) ? times[2] : undefined
  const torch = isSame ? times.at(-1) : undefined
  const againstTorch = [format(torch), ratio(plan, torch), format(reproducible), ratio(reproducible, torch)]
  print(name, format(plan), ...againstTorch, format(stock), ratio(plan, stock))
  engines.forEach(engine => engine.dispose())
}
pytorch?.stop()

if (isAsked('memory')) {
  printResult(
    '\nMemory before and after 10,000 steps with Adam: kB of heap and of array buffers, tensors, pages of wasm'
  )
  print('', 'heap', '', 'buffers', '', 'tensors', '', 'pages', '')
  const training: TrainingSettings = { ...TRAINING, optimizer: 'adam', batchSize: 8 }
  const topology = buildModel('mlp:32', [64], 10, training.loss)
  for (const { backend, before, after } of await measureGrowth(topology, training, randomDataset([64], 10))) {
    const columns = ['heap', 'buffers', 'tensors', 'pages'] as const
    const unit = { heap: 1e3, buffers: 1e3, tensors: 1, pages: 1 }
    print(backend, ...columns.flatMap(key => [before, after].map(each => (each[key] / unit[key]).toFixed(0))))
  }
}

printResult('\nGFLOP/s of products, and the share of what multiply and add reach in registers alone')
print('m x n x k', 'plain', 'share', 'relaxed', 'share')
const measured = (isAsked('products') ? PRODUCTS : []).map(product => ({
  product,
  builds: [false, true].map(relaxed => measureProduct(product, relaxed))
}))
// That of a build is one for all products: the highest that was seen.
const limits = [0, 1].map(build => Math.max(...measured.map(({ builds }) => builds[build].limit)))
for (const { product, builds } of measured) {
  const cells = builds.flatMap(({ product: reached }, build) => [
    reached.toFixed(1),
    `${((100 * reached) / limits[build]).toFixed(0)} %`
  ])
  print(product.slice(0, 3).join(' x '), ...cells)
}
