import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dataset } from '../../data/dataset.js'
import { createEngine } from '../../engine/create-engine.js'
import type { ModelTopology, TrainingSettings } from '../../engine/engine.js'
import { buildModel } from '../../engine/models.js'
import { rowsAtATime } from '../../engine/plan/network.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { planSteps, type PlanStep } from '../../engine/plan/steps.js'
import { initialParameters } from '../../engine/topology.js'
import { close } from '../helpers/close.js'
import { CLASSIFY, randomDataset, REGRESS, rejection, sequential } from './fixtures.js'

const plan = suite('plan')

/** Tanh and sigmoid layers, one without a bias: smooth, so that differences converge. */
function smooth(outputs: number, activation: string): ModelTopology {
  return sequential(
    ['Dense', { units: 7, activation: 'tanh', batch_input_shape: [null, 5] }],
    ['Dense', { units: 6, activation: 'sigmoid', use_bias: false }],
    ['Dense', { units: outputs, activation }]
  )
}

async function checkGradient(topology: ModelTopology, training: TrainingSettings, data: Dataset): Promise<void> {
  const engine = new PlanEngine(topology, training)
  const parameters = initialParameters(topology, 3)
  const rows = Uint32Array.from({ length: data.rows }, (_, i) => i)
  const gradient = Float64Array.from(engine.gradient(parameters, data, rows).gradient)
  const step = 1e-2
  const numeric = Float64Array.from(parameters, (value, i) => {
    const [up, down] = [step, -step].map(change => {
      const moved = parameters.slice()
      moved[i] = value + change
      return engine.gradient(moved, data, rows).loss
    })
    return (up - down) / (2 * step)
  })
  close(gradient, numeric, 2e-4, training.loss)
}

plan('differentiates a classifier as finite differences do', async () => {
  await checkGradient(smooth(3, 'softmax'), CLASSIFY, randomDataset(8, 5, 3))
})

plan('differentiates a regression as finite differences do', async () => {
  await checkGradient(smooth(1, 'linear'), REGRESS, randomDataset(8, 5))
})

plan('differentiates a batch in parts as its examples one by one', async () => {
  const topology = sequential(
    ['Conv2D', { filters: 64, kernel_size: [3, 3], activation: 'relu', batch_input_shape: [null, 32, 32, 1] }],
    ['GlobalAveragePooling2D', {}],
    ['Dense', { units: 3, activation: 'softmax' }]
  )
  const training = { ...CLASSIFY, batchSize: 11 }
  const steps = planSteps(topology, training.loss) as readonly PlanStep[]
  assert.is(rowsAtATime(steps, training.batchSize), 6, 'rows at a time')
  const data = randomDataset(training.batchSize, 32 * 32, 3)
  const parameters = initialParameters(topology, 1)
  const engine = new PlanEngine(topology, training)
  let expectedLoss = 0
  const expected = new Float64Array(parameters.length)
  for (let row = 0; row < data.rows; row++) {
    const { loss, gradient } = engine.gradient(parameters, data, Uint32Array.of(row))
    expectedLoss += loss / data.rows
    gradient.forEach((value, i) => (expected[i] += value / data.rows))
  }
  const { loss, gradient } = engine.gradient(
    parameters,
    data,
    Uint32Array.from({ length: data.rows }, (_, i) => i)
  )
  close([loss], [expectedLoss], 1e-6, 'loss')
  close(gradient, expected, 1e-6, 'gradient')
})

for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
  for (const settings of [CLASSIFY, REGRESS]) {
    plan(`agrees with tfjs after twelve ${optimizer} steps on ${settings.loss}`, async () => {
      const training = { ...settings, optimizer, learningRate: optimizer === 'adam' ? 0.005 : settings.learningRate }
      const classes = training.loss === 'softmax-cross-entropy' ? 3 : undefined
      const topology = buildModel('mlp:11,6', [9], classes ?? 1, training.loss)
      const data = randomDataset(45, 9, classes)
      const ours = initialParameters(topology, 1)
      const theirs = ours.slice()
      const tfjs = await createEngine({ topology, training, backend: 'cpu' })
      const engine = await createEngine({ topology, training, backend: 'plan' })
      try {
        // In two calls: the optimiser's state is kept between them.
        for (const firstStep of [0, 6]) {
          const options = { firstStep, steps: 6, seed: 2 }
          const expected = await tfjs.train(theirs, data, options)
          const actual = await engine.train(ours, data, options)
          close([actual.loss], [expected.loss], 1e-5 * expected.loss, 'loss')
        }
        const largest = Math.max(...theirs.map(Math.abs))
        close(ours, theirs, 1e-5 * largest, 'parameters')
        const [actual, expected] = [await engine.evaluate(ours, data), await tfjs.evaluate(theirs, data)]
        close([actual.loss], [expected.loss], 1e-5 * expected.loss, 'evaluated loss')
        const [score, expectedScore] = [actual, expected].map(({ accuracy, r2 }) => accuracy ?? r2 ?? NaN)
        close([score], [expectedScore], 1e-5 * (1 + Math.abs(expectedScore)), 'score')
        const features = data.features as Float32Array
        close(await engine.predict(ours, features, 45), await tfjs.predict(theirs, features, 45), 1e-5, 'predictions')
      } finally {
        tfjs.dispose()
      }
    })
  }
}

plan('gives the same bits for the same seed, and others for another', async () => {
  const topology = buildModel('mlp:33', [10], 4, CLASSIFY.loss)
  const data = randomDataset(100, 10, 4)
  const run = async (seed: number) => {
    const parameters = initialParameters(topology, 1)
    await new PlanEngine(topology, CLASSIFY).train(parameters, data, { firstStep: 0, steps: 20, seed })
    return parameters
  }
  const first = await run(1)
  assert.equal(await run(1), first)
  assert.not.equal(await run(2), first)
})

for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
  plan(`trains two nodes in turn with ${optimizer} as if each had an engine of its own`, async () => {
    const training = { ...CLASSIFY, optimizer, learningRate: 0.01 }
    const topology = buildModel('mlp:7', [6], 3, training.loss)
    const start = initialParameters(topology, 1)
    const shared = new PlanEngine(topology, training)
    assert.is(shared.stateSize, { sgd: 0, momentum: 1, adam: 2 }[optimizer] * start.length)
    const nodes = [1, 2].map(seed => ({
      seed,
      data: randomDataset(30, 6, 3, seed),
      own: new PlanEngine(topology, training),
      alone: start.slice(),
      together: start.slice(),
      state: new Float32Array(shared.stateSize)
    }))
    for (const firstStep of [0, 4, 8]) {
      for (const { seed, data, own, alone, together, state } of nodes) {
        const options = { firstStep, steps: 4, seed }
        const expected = await own.train(alone, data, options)
        assert.equal(await shared.train(together, data, { ...options, state }), expected, `node ${seed}`)
        close(together, alone, 0, `node ${seed} after step ${firstStep + 4}`)
      }
    }
    assert.not.equal(nodes[0].together, nodes[1].together)
  })
}

plan('predicts each row as if it were alone, however many there are', async () => {
  const topology = buildModel('mlp:13', [6], 3, CLASSIFY.loss)
  const engine = new PlanEngine(topology, CLASSIFY)
  const parameters = initialParameters(topology, 1)
  const features = randomDataset(300, 6).features as Float32Array
  const together = await engine.predict(parameters, features, 300)
  for (const row of [0, 5, 255, 256, 299]) {
    const alone = await engine.predict(parameters, features.subarray(row * 6, row * 6 + 6), 1)
    close(together.subarray(row * 3, row * 3 + 3), alone, 0, `row ${row}`)
    close([alone.reduce((sum, p) => sum + p, 0)], [1], 1e-6, `probabilities of row ${row}`)
  }
})

plan('counts accuracy, and explains a perfect regression wholly', async () => {
  const identity = sequential(['Dense', { units: 1, batch_input_shape: [null, 1] }])
  const features = Float32Array.of(1, 2, 3)
  const line = { rows: 3, inputShape: [1], features, scale: 1, labels: Float32Array.of(3, 5, 7) }
  const engine = new PlanEngine(identity, REGRESS)
  assert.equal(await engine.evaluate(Float32Array.of(2, 1), line), { loss: 0, r2: 1 })
  assert.equal(await engine.evaluate(Float32Array.of(0, 5), line), { loss: 8 / 3, r2: 0 })

  const sign = sequential(['Dense', { units: 2, activation: 'softmax', batch_input_shape: [null, 1] }])
  const classes = { ...line, features: Float32Array.of(-1, 1, 2), labels: Float32Array.of(0, 1, 0) }
  const { accuracy } = await new PlanEngine(sign, CLASSIFY).evaluate(Float32Array.of(-1, 1, 0, 0), classes)
  assert.is(accuracy, 2 / 3)
})

plan("refuses data and parameters that are not its model's", async () => {
  const topology = buildModel('mlp:3', [4], 2, CLASSIFY.loss)
  const engine = new PlanEngine(topology, CLASSIFY)
  const parameters = initialParameters(topology, 1)
  const data = randomDataset(9, 4, 2)
  const options = { firstStep: 0, steps: 1, seed: 1 }
  const refusals: [Promise<unknown>, RegExp][] = [
    [engine.train(parameters, randomDataset(9, 5, 2), options), /shape \[4\]; the data has \[5\]/],
    [engine.train(parameters, { ...data, labels: new Float32Array(9).fill(2) }, options), /row 0 has label 2/],
    [engine.train(parameters, data, { ...options, state: parameters }), /optimiser state: 23 numbers given/],
    [engine.evaluate(parameters.subarray(1), data), /parameters: 22 numbers given; the model needs 23/],
    [engine.predict(parameters, new Float32Array(7), 2), /7 numbers given; the model needs 8/]
  ]
  for (const [promise, message] of refusals) assert.match((await rejection(promise)).message, message)
})

plan('of bytes gives the bits of the same features as floats', async () => {
  const topology = smooth(3, 'softmax')
  const features = Uint8Array.from({ length: 20 * 5 }, (_, i) => (37 * i) % 256)
  const labels = Float32Array.from({ length: 20 }, (_, i) => i % 3)
  const bytes: Dataset = { rows: 20, inputShape: [5], features, scale: 1 / 255, labels }
  const floats: Dataset = { ...bytes, features: Float32Array.from(features, each => each * bytes.scale), scale: 1 }
  const [ofBytes, ofFloats] = await Promise.all(
    [bytes, floats].map(async data => {
      const engine = new PlanEngine(topology, CLASSIFY)
      const parameters = initialParameters(topology, 3)
      const { loss } = await engine.train(parameters, data, { firstStep: 0, steps: 5, seed: 1 })
      return { loss, parameters, evaluation: await engine.evaluate(parameters, data) }
    })
  )
  assert.equal(ofBytes, ofFloats)
})

plan.run()
