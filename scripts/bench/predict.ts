import type { Dataset } from '../../data/dataset.js'
import {
  buildModel,
  initialParameters,
  Predictor,
  sharedFloats,
  Trainer,
  type TrainingSettings
} from '../../engine/index.js'
import { createRng } from '../../learning/rng.js'
import { printTable, quantile } from './report.js'

// How long does a single prediction take, with nothing else to do and while the same node trains at full speed?

const predictions = 5000
const stepsARound = 31
const training: TrainingSettings = {
  loss: 'softmax-cross-entropy',
  optimizer: 'momentum',
  learningRate: 0.01,
  momentum: 0.9,
  batchSize: 32
}
/** The first is small enough to be answered on the caller's thread, the second goes to the worker. */
const models: readonly (readonly [name: string, inputShape: readonly number[]])[] = [
  ['mlp', [784]],
  ['lenet', [28, 28, 1]]
]

function randomRows(rows: number, inputShape: readonly number[]): Dataset {
  const rng = createRng('bench')
  const features = Float32Array.from({ length: rows * 784 }, () => rng.uniform())
  return { rows, inputShape, features, scale: 1, labels: Float32Array.from({ length: rows }, () => rng.integer(10)) }
}

/** @returns milliseconds of each of many single predictions, one after another */
async function predictMany(predictor: Predictor, example: Float32Array): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < predictions; i++) {
    const started = performance.now()
    await predictor.predict(example, 1)
    times.push(performance.now() - started)
    // What else the event loop has to do comes between two of them.
    await new Promise(resolve => setImmediate(resolve))
  }
  return times
}

/** @returns times with nothing else to do, times while training goes on, and how many rounds it went on for */
async function measure(name: string, inputShape: readonly number[]) {
  const topology = buildModel(name, inputShape, 10, training.loss)
  const data = randomRows(1000, inputShape)
  const trainer = await Trainer.create({ topology, training, data: { train: data, test: data }, seed: 1 })
  const predictor = new Predictor({ topology, training, backend: trainer.backend })
  const parameters = sharedFloats(initialParameters(topology, 1).length)
  parameters.set(initialParameters(topology, 1))
  predictor.publish(0, parameters, trainer.statistics)
  const example = randomRows(1, inputShape).features as Float32Array

  await predictMany(predictor, example)
  const idle = await predictMany(predictor, example)
  let rounds = 0
  let stopped = false
  /** Without a pause: local steps, then a model to answer from. */
  const trained = (async () => {
    for (; !stopped; rounds++) {
      await trainer.train(parameters, { firstStep: rounds * stepsARound, steps: stepsARound })
      predictor.publish(rounds + 1, parameters, trainer.statistics)
    }
  })()
  const busy = await predictMany(predictor, example)
  stopped = true
  await trained
  await Promise.all([trainer.stop(), predictor.stop()])
  return { idle, busy, rounds }
}

const rows = [['SINGLE PREDICTION', 'P50', 'P99', 'P99 / P50 IDLE', 'P99 / P99 IDLE']]
for (const [name, inputShape] of models) {
  const { idle, busy, rounds } = await measure(name, inputShape)
  for (const [what, times] of Object.entries({ idle, [`training, ${rounds} rounds`]: busy })) {
    const [median, tail] = [quantile(times, 0.5), quantile(times, 0.99)]
    const ratios = [tail / quantile(idle, 0.5), tail / quantile(idle, 0.99)].map(ratio => `${ratio.toFixed(1)}x`)
    rows.push([`${name}, ${what}`, `${median.toFixed(3)} ms`, `${tail.toFixed(3)} ms`, ...ratios])
  }
}
printTable(`Of the compiled plan, in process: ${predictions} predictions one after another.`, rows)
