import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import { EngineError, InvalidModelError } from '../../engine/errors.js'
import { planGradients } from '../../engine/plan/gradient-slots.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { MODEL_INPUT, planSteps } from '../../engine/plan/steps.js'
import { initialParameters, modelLayout, readTopology } from '../../engine/topology.js'
import { elementCount } from '../../learning/parameters.js'
import { close } from '../helpers/close.js'
import { CLASSIFY, functional, randomDataset, rejection, sequential } from './fixtures.js'

const graphs = suite('graphs')
const INPUT = { batch_input_shape: [null, 4, 3] }

/** A residual branch, a value that three layers take, and layers written in another order than they are computed in. */
const BRANCHED = functional(
  ['input', 'InputLayer', INPUT],
  ['joined', 'Concatenate', { axis: 1 }, 'sum', 'first'],
  ['first', 'Dense', { units: 5, activation: 'relu' }, 'input'],
  ['second', 'Dense', { units: 5 }, 'first'],
  ['bent', 'Activation', { activation: 'tanh' }, 'second'],
  ['sum', 'Add', {}, 'first', 'second', 'bent'],
  ['flat', 'Flatten', {}, 'joined'],
  ['output', 'Dense', { units: 3, activation: 'softmax' }, 'flat']
)

graphs('with branches train as in tfjs, whatever the order of their layers', async () => {
  const ours = initialParameters(BRANCHED, 1)
  const theirs = ours.slice()
  const data = { ...randomDataset(16, 12, 3), inputShape: [4, 3] }
  const tfjs = await createEngine({ topology: BRANCHED, training: CLASSIFY, backend: 'cpu' })
  try {
    const options = { firstStep: 0, steps: 20, seed: 2 }
    const expected = await tfjs.train(theirs, data, options)
    const actual = await new PlanEngine(BRANCHED, CLASSIFY).train(ours, data, options)
    close([actual.loss], [expected.loss], 1e-5 * expected.loss, 'loss')
    close(ours, theirs, 1e-5 * Math.max(...theirs.map(Math.abs)), 'parameters')
  } finally {
    tfjs.dispose()
  }
})

graphs('leave a value alone that an activation shares with others', () => {
  const steps = planSteps(BRANCHED, CLASSIFY.loss)
  if ('unsupported' in steps) throw new Error(steps.unsupported)
  const names = steps.map(({ layer, activation }) => `${String(layer.config.name)} ${activation.name}`)
  assert.equal(names, ['first relu', 'second linear', 'bent linear', 'sum linear', 'joined linear', 'output linear'])
})

graphs('need two gradient buffers for a chain, and one more while a branch is open', () => {
  assert.is(planGradients([[MODEL_INPUT], [0], [1], [2]]).slots, 2)
  assert.is(planGradients([[MODEL_INPUT], [0], [1], [2]], [true, true, true, true]).slots, 1)
  // 0 is taken by 1 and, past it, by the sum 2.
  const { slots, plans } = planGradients([[MODEL_INPUT], [0], [0, 1]])
  assert.is(slots, 3)
  const [direct, through] = [plans[2].inputs[0], plans[1].inputs[0]]
  assert.is(direct.addTo, undefined)
  assert.is(through.addTo, direct.slot)
  assert.not.equal(through.slot, direct.slot)
})

graphs('that cannot be computed are refused by the name of the layer', () => {
  const dense = { units: 2 }
  const cases: [Parameters<typeof functional>, RegExp][] = [
    [
      [
        ['input', 'InputLayer', INPUT],
        ['a', 'Dense', dense, 'b'],
        ['b', 'Dense', dense, 'a']
      ],
      /layer "a" waits for itself/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['a', 'Dense', dense, 'nowhere']
      ],
      /"a" takes its input from "nowhere", which is no layer/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['idle', 'Dense', dense, 'input'],
        ['a', 'Dense', dense, 'input']
      ],
      /"idle" does not end in the output/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['other', 'InputLayer', INPUT],
        ['a', 'Add', {}, 'input', 'other']
      ],
      /2 inputs and 1 outputs/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['a', 'Dense', dense, 'input'],
        ['b', 'Add', {}, 'a', 'input']
      ],
      /"b" \(Add\) takes \[4, 2\] and \[4, 3\]; expected at least two of one shape/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['a', 'Flatten', {}, 'input'],
        ['b', 'Concatenate', {}, 'a', 'input']
      ],
      /"b" \(Concatenate\) takes \[12\] and \[4, 3\]/
    ],
    [
      [
        ['input', 'InputLayer', INPUT],
        ['a', 'Dense', dense, 'input', 'input']
      ],
      /"a" \(Dense\) takes 2 inputs; expected 1/
    ]
  ]
  for (const [layers, message] of cases) {
    assert.throws(
      () => readTopology(functional(...layers)),
      (error: Error) => error instanceof InvalidModelError && message.test(error.message),
      String(message)
    )
  }
})

graphs('whose shapes do not chain are refused by the name of the layer', () => {
  const image = { batch_input_shape: [null, 4, 4, 2] }
  const cases: [[string, Record<string, unknown>], RegExp][] = [
    [['Reshape', { target_shape: [5, 7] }], /"layer_1" \(Reshape\) cannot make \[5, 7\] of \[4, 4, 2\]/],
    [['Conv1D', { filters: 2, kernel_size: 2 }], /"layer_1" \(Conv1D\) cannot take an input of shape \[4, 4, 2\]/],
    [['GRU', { units: 2 }], /"layer_1" \(GRU\) cannot take/],
    [['GRU', { units: 2, reset_after: true }], /"layer_1" has "reset_after": true; expected it to be left out/],
    [['GlobalMaxPooling1D', {}], /\(GlobalMaxPooling1D\) cannot take/],
    [['MaxPooling2D', { pool_size: 9 }], /\(MaxPooling2D\) cannot take/]
  ]
  for (const [layer, message] of cases) {
    assert.throws(() => readTopology(sequential(['Activation', { activation: 'relu', ...image }], layer)), message)
  }
})

graphs('of more parameters than memory are refused with the figure, before anything is allocated', () => {
  const huge = sequential(['Dense', { units: 1e9, batch_input_shape: [null, 1000] }])
  const message = /1,001,000,000,000 parameters \(3729.0 GiB\); this machine has [\d.]+ GiB of memory/
  assert.throws(() => modelLayout(huge), message)
  assert.throws(() => initialParameters(huge, 1), message)
})

graphs('of parameters that are not finite are refused with tensor and figure', async () => {
  const parameters = initialParameters(BRANCHED, 1)
  parameters[22] = NaN
  parameters[23] = -Infinity
  const data = { ...randomDataset(16, 12, 3), inputShape: [4, 3] }
  const found = /2 of \d+ parameters are not finite: tensor "second\/kernel" holds NaN; expected finite numbers/
  for (const backend of ['plan', 'cpu'] as const) {
    const engine = await createEngine({ topology: BRANCHED, training: CLASSIFY, backend })
    const error = await rejection(engine.train(parameters, data, { firstStep: 0, steps: 1, seed: 1 }))
    assert.instance(error, EngineError)
    assert.match(error.message, found)
    assert.match((await rejection(engine.evaluate(parameters, data))).message, found)
    engine.dispose()
  }
})

graphs('with an embedding take whole numbers of its table alone', async () => {
  const words = { input_dim: 6, output_dim: 3, batch_input_shape: [null, 5] }
  const topology = sequential(['Embedding', words], ['Flatten', {}], ['Dense', { units: 3, activation: 'softmax' }])
  const data = randomDataset(16, 5, 3)
  const whole = { ...data, features: Float32Array.from(data.features, (_, i) => (i * 7) % 6) }
  const ours = initialParameters(topology, 1)
  const theirs = ours.slice()
  const plan = new PlanEngine(topology, CLASSIFY)
  const tfjs = await createEngine({ topology, training: CLASSIFY, backend: 'cpu' })
  const options = { firstStep: 0, steps: 20, seed: 2 }
  const expected = await tfjs.train(theirs, whole, options)
  close([(await plan.train(ours, whole, options)).loss], [expected.loss], 1e-5 * expected.loss, 'loss')
  close(ours, theirs, 1e-5, 'parameters')
  tfjs.dispose()
  const beyond = { ...whole, features: whole.features.map(value => value + 1) }
  assert.match((await rejection(plan.train(ours, beyond, options))).message, /number 6; .* from 0 to 5/)
  assert.match((await rejection(plan.train(ours, data, options))).message, /takes whole numbers/)
})

graphs('with dilated convolutions compute what the filter with zeros in its holes does', async () => {
  const model = (config: Record<string, unknown>) =>
    sequential(
      ['Conv2D', { filters: 2, use_bias: false, padding: 'same', batch_input_shape: [null, 6, 5, 3], ...config }],
      ['Flatten', {}],
      ['Dense', { units: 2, activation: 'softmax' }]
    )
  const holes = model({ kernel_size: [2, 2], dilation_rate: [2, 3] })
  const dense = model({ kernel_size: [3, 4] })
  const parameters = initialParameters(holes, 1)
  const spread = new Float32Array(modelLayout(dense).size)
  const filter = 3 * 2
  for (const [tap, place] of [0, 3, 8, 11].entries()) {
    spread.set(parameters.subarray(tap * filter, (tap + 1) * filter), place * filter)
  }
  spread.set(parameters.subarray(4 * filter), 12 * filter)
  const features = randomDataset(4, elementCount([6, 5, 3])).features as Float32Array
  const expected = await new PlanEngine(dense, CLASSIFY).predict(spread, features, 4)
  close(await new PlanEngine(holes, CLASSIFY).predict(parameters, features, 4), expected, 0)
})

graphs('with dropout drop the same after a restart, other values at every step, and nothing when asked', async () => {
  const topology = sequential(
    ['Dense', { units: 20, batch_input_shape: [null, 6] }],
    ['Dropout', { rate: 0.5 }],
    ['Dense', { units: 3, activation: 'softmax' }]
  )
  const data = randomDataset(16, 6, 3)
  const start = initialParameters(topology, 1)
  const run = async (seed: number, ...calls: number[]) => {
    const parameters = start.slice()
    let firstStep = 0
    for (const steps of calls) {
      await new PlanEngine(topology, CLASSIFY).train(parameters, data, { firstStep, steps, seed })
      firstStep += steps
    }
    return parameters
  }
  const whole = await run(1, 8)
  assert.equal(await run(1, 3, 5), whole)
  const still = { ...CLASSIFY, learningRate: 1e-30 }
  const engine = new PlanEngine(topology, still)
  const losses = await Promise.all(
    [0, 1].map(firstStep => engine.train(start.slice(), { ...data, rows: 16 }, { firstStep, steps: 1, seed: 1 }))
  )
  assert.not.equal(losses[0].loss, losses[1].loss)
  const features = data.features as Float32Array
  assert.equal(await engine.predict(start, features, 16), await engine.predict(start, features, 16))
})

graphs.run()
