import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import type { TrainingSettings } from '../../engine/engine.js'
import { EngineError, ModelMismatchError } from '../../engine/errors.js'
import { buildModel } from '../../engine/models.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { initialParameters } from '../../engine/topology.js'
import { InvalidParametersError, UnknownNameError } from '../../learning/errors.js'
import { close } from '../helpers/close.js'
import { norm } from '../helpers/norm.js'
import { CLASSIFY, CONVOLUTIONAL, PENALISED, randomDataset, REGRESS, rejection, sequential } from './fixtures.js'

const settings = suite('training settings')
const ROWS = 24
const OPTIONS = { firstStep: 0, steps: 20, seed: 2 }

/** Settings that both engines take, the number of outputs, and of targets a row when these are no classes. */
const CASES: Record<string, [Partial<TrainingSettings>, number, number?]> = {
  sgd: [{ optimizer: 'sgd' }, 3],
  nesterov: [{ optimizer: 'nesterov', learningRate: 0.05 }, 3],
  adamw: [{ optimizer: 'adamw', learningRate: 0.003, weightDecay: 0.1 }, 3],
  'the usual decay of adamw': [{ optimizer: 'adamw', learningRate: 0.003 }, 3],
  'a cut gradient': [{ optimizer: 'momentum', clipValue: 0.01 }, 3],
  'a gradient of bounded norm': [{ optimizer: 'momentum', clipNorm: 0.05 }, 3],
  'both bounds': [{ optimizer: 'adam', learningRate: 0.003, clipValue: 0.02, clipNorm: 0.05 }, 3],
  'sigmoid cross-entropy of one output': [{ loss: 'sigmoid-cross-entropy' }, 1],
  'sigmoid cross-entropy of several outputs': [{ loss: 'sigmoid-cross-entropy' }, 4],
  'several targets': [{ loss: 'mean-squared-error' }, 3, 3],
  'its own input as the target': [{ loss: 'mean-squared-error', target: 'input' }, 7]
}

for (const [name, [changed, outputs, targets]] of Object.entries(CASES)) {
  settings(`with ${name} train plan and kernel pack as tfjs`, async () => {
    const training = { ...CLASSIFY, ...changed }
    const topology = buildModel('mlp:9', [7], outputs, training.loss)
    const classes = randomDataset(ROWS, 7, Math.max(2, outputs))
    const labels =
      targets === undefined ? classes.labels : (randomDataset(ROWS, targets, 2, 3).features as Float32Array)
    const data = { ...classes, labels }
    const ours = initialParameters(topology, 1)
    const [theirs, packed] = [ours.slice(), ours.slice()]
    const plan = new PlanEngine(topology, training)
    const tfjs = await createEngine({ topology, training, backend: 'cpu' })
    const pack = await createEngine({ topology, training, backend: 'wasm' })
    try {
      const expected = await tfjs.train(theirs, data, OPTIONS)
      const actual = await plan.train(ours, data, OPTIONS)
      close([actual.loss], [expected.loss], 1e-5 * expected.loss, 'loss')
      const tolerance = 1e-5 * Math.max(...theirs.map(Math.abs))
      close(ours, theirs, tolerance, 'parameters')
      await pack.train(packed, data, OPTIONS)
      close(packed, theirs, tolerance, 'parameters of the pack')
      const [evaluated, figures] = [await plan.evaluate(ours, data), await tfjs.evaluate(theirs, data)]
      close([evaluated.loss], [figures.loss], 1e-5 * figures.loss, 'evaluated loss')
      close([evaluated.accuracy ?? evaluated.r2 ?? NaN], [figures.accuracy ?? figures.r2 ?? NaN], 1e-4, 'score')
      const features = data.features as Float32Array
      close(await plan.predict(ours, features, ROWS), await tfjs.predict(theirs, features, ROWS), 1e-5, 'predictions')
    } finally {
      tfjs.dispose()
      pack.dispose()
    }
  })
}

settings('of clipping change the step at all', async () => {
  const topology = buildModel('mlp:9', [7], 3, CLASSIFY.loss)
  const data = randomDataset(ROWS, 7, 3)
  const start = initialParameters(topology, 1)
  const moved = async (changed: Partial<TrainingSettings>) => {
    const parameters = start.slice()
    await new PlanEngine(topology, { ...CLASSIFY, learningRate: 1, ...changed }).train(parameters, data, {
      ...OPTIONS,
      steps: 1
    })
    return parameters.map((value, i) => value - start[i])
  }
  assert.ok(norm(await moved({})) > 0.3)
  close([norm(await moved({ clipNorm: 0.05 }))], [0.05], 1e-6, 'norm')
  close([Math.max(...(await moved({ clipValue: 0.01 })).map(Math.abs))], [0.01], 1e-6, 'largest')
})

settings('count the score of an autoencoder and of a single yes or no', async () => {
  const identity = sequential(['Dense', { units: 2, use_bias: false, batch_input_shape: [null, 2] }])
  const data = {
    rows: 2,
    inputShape: [2],
    features: Float32Array.of(1, 2, 3, 6),
    scale: 1,
    labels: Float32Array.of(0, 1)
  }
  const engine = new PlanEngine(identity, { ...REGRESS, target: 'input' })
  assert.equal(await engine.evaluate(Float32Array.of(1, 0, 0, 1), data), { loss: 0, r2: 1 })
  // Only the first column is met: 16 / 4 of error, and of deviation 1 + 1 + 4 + 4.
  assert.equal(await engine.evaluate(Float32Array.of(1, 0, 0, 0), data), { loss: 10, r2: 1 - 40 / 10 })
  const yes = sequential(['Dense', { units: 1, activation: 'sigmoid', use_bias: false, batch_input_shape: [null, 2] }])
  const { accuracy } = await new PlanEngine(yes, { ...CLASSIFY, loss: 'sigmoid-cross-entropy' }).evaluate(
    Float32Array.of(1, 0),
    data
  )
  assert.is(accuracy, 0.5)
})

settings('of per-example clipping give the mean of gradients that were clipped one by one', () => {
  const topology = sequential(
    ['Dense', { units: 8, batch_input_shape: [null, 7] }],
    ['GroupNormalization', { groups: 2 }],
    ['Dropout', { rate: 0.3 }],
    ['Dense', { units: 3, activation: 'softmax' }]
  )
  const data = randomDataset(ROWS, 7, 3)
  const parameters = initialParameters(topology, 1)
  const rows = Uint32Array.of(3, 1, 4, 15, 9)
  const clipNorm = 2.2
  const plain = new PlanEngine(topology, CLASSIFY)
  const mask = plain.gradient(parameters, data, rows).gradient.slice()
  const clipped = new PlanEngine(topology, { ...CLASSIFY, perExampleClipNorm: clipNorm })
  const unbounded = new PlanEngine(topology, { ...CLASSIFY, perExampleClipNorm: 1e9 })
  close(unbounded.gradient(parameters, data, rows).gradient, mask, 1e-6, 'without effect')

  // One example at a time, at its place in the batch: what the others contribute is taken away.
  const expected = new Float64Array(parameters.length)
  let bounded = 0
  for (let i = 0; i < rows.length; i++) {
    const upTo = [i, i + 1].map(count =>
      count === 0
        ? new Float32Array(parameters.length)
        : plain.gradient(parameters, data, rows.subarray(0, count)).gradient.map(value => value * count)
    )
    const own = upTo[1].map((value, j) => value - upTo[0][j])
    const factor = Math.min(1, clipNorm / norm(own))
    if (factor < 1) bounded++
    own.forEach((value, j) => (expected[j] += (factor * value) / rows.length))
  }
  assert.ok(bounded > 0 && bounded < rows.length, `${bounded} of ${rows.length} are clipped`)
  const { gradient, loss } = clipped.gradient(parameters, data, rows)
  close(gradient, expected, 1e-5, 'clipped')
  close([loss], [plain.gradient(parameters, data, rows).loss], 1e-6, 'loss')
})

settings('of per-example clipping are refused where examples are mixed, and by tfjs', async () => {
  const training = { ...CLASSIFY, perExampleClipNorm: 1 }
  const mixed = await rejection(createEngine({ topology: CONVOLUTIONAL, training }))
  assert.instance(mixed, EngineError)
  assert.match(mixed.message, /"layer_1" \(BatchNormalization\).*expected group normalisation/)
  assert.match(
    (await rejection(createEngine({ topology: PENALISED, training }))).message,
    /expected a model of the plan/
  )
})

settings('that nothing trains with name themselves and what is known', async () => {
  const topology = buildModel('mlp:9', [7], 3, CLASSIFY.loss)
  const refused = (changed: object) => rejection(createEngine({ topology, training: { ...CLASSIFY, ...changed } }))
  const unknown: [object, RegExp][] = [
    [{ loss: 'hinge' }, /unknown loss "hinge"; expected one of softmax-cross-entropy, sigmoid-cross-entropy, mean/],
    [{ optimizer: 'lion' }, /unknown optimizer "lion"; expected one of sgd, momentum, nesterov, adam, adamw/],
    [{ target: 'output' }, /unknown target "output"/]
  ]
  for (const [changed, message] of unknown) {
    const error = await refused(changed)
    assert.instance(error, UnknownNameError)
    assert.match(error.message, message)
  }
  const invalid: [object, RegExp][] = [
    [{ clipNorm: 0 }, /clipNorm is 0; expected a number above 0/],
    [{ clipValue: NaN }, /clipValue is NaN/],
    [{ weightDecay: -1 }, /weightDecay is -1/],
    [{ learningRate: Infinity }, /learningRate is Infinity/],
    [{ momentum: 1 }, /momentum is 1/],
    [{ batchSize: 0.5 }, /batchSize is 0.5/],
    [{ target: 'input' }, /target "input" with loss "softmax-cross-entropy"/]
  ]
  for (const [changed, message] of invalid) {
    const error = await refused(changed)
    assert.instance(error, InvalidParametersError)
    assert.match(error.message, message)
  }
})

settings('refuse labels and outputs that do not belong together', async () => {
  const data = randomDataset(9, 4, 3)
  const topology = buildModel('mlp:3', [4], 2, 'mean-squared-error')
  const parameters = initialParameters(topology, 1)
  const several = await rejection(new PlanEngine(topology, REGRESS).evaluate(parameters, data))
  assert.instance(several, ModelMismatchError)
  assert.match(several.message, /gives 2 outputs; the data has 1 target a row/)
  assert.throws(() => new PlanEngine(topology, { ...REGRESS, target: 'input' }), /its target is its input it needs 4/)
  const yes = sequential(['Dense', { units: 1, activation: 'sigmoid', batch_input_shape: [null, 4] }])
  const engine = new PlanEngine(yes, { ...CLASSIFY, loss: 'sigmoid-cross-entropy' })
  assert.match((await rejection(engine.evaluate(new Float32Array(5), data))).message, /label 2; .* 0 to 1/)
})

settings.run()
