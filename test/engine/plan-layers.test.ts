import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import type { ModelTopology, TrainingSettings } from '../../engine/engine.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { planSteps } from '../../engine/plan/steps.js'
import { initialParameters, readTopology } from '../../engine/topology.js'
import { elementCount } from '../../learning/parameters.js'
import { close } from '../helpers/close.js'
import { CLASSIFY, CONVOLUTIONAL, randomDataset, sequential } from './fixtures.js'

const layers = suite('plan layers')
type Layers = [string, Record<string, unknown>][]

/** A classifier of three classes with some layers in the middle, the first told the input's shape. */
function model(inputShape: number[], ...[[name, config], ...others]: Layers): ModelTopology {
  const first: Layers[number] = [name, { ...config, batch_input_shape: [null, ...inputShape] }]
  const isFlat = readTopology(sequential(first, ...others)).outputShape.length === 1
  const flat: Layers = isFlat ? [] : [['Flatten', {}]]
  return sequential(first, ...others, ...flat, ['Dense', { units: 3, activation: 'softmax' }])
}

const CASES: Record<string, [number[], ...Layers]> = {
  'a convolution that pads unevenly': [
    [7, 6, 3],
    ['Conv2D', { filters: 5, kernel_size: [4, 3], strides: [2, 1], padding: 'same', activation: 'relu' }],
    ['Conv2D', { filters: 4, kernel_size: 2, strides: 2, padding: 'same', activation: 'tanh' }]
  ],
  'a convolution without padding or bias': [
    [9, 8, 2],
    ['Conv2D', { filters: 9, kernel_size: [3, 3], use_bias: false }],
    ['Conv2D', { filters: 3, kernel_size: [2, 3], strides: [3, 2], activation: 'sigmoid' }]
  ],
  'pointwise convolutions': [
    [5, 4, 3],
    ['Conv2D', { filters: 8, kernel_size: 1, activation: 'relu' }],
    ['Conv2D', { filters: 6, kernel_size: [1, 1], strides: [2, 2] }]
  ],
  'convolutions along time': [
    [11, 3],
    ['Conv1D', { filters: 6, kernel_size: [4], strides: [2], padding: 'same', activation: 'relu' }],
    ['MaxPooling1D', { pool_size: [2], strides: [2], padding: 'valid' }],
    ['Conv1D', { filters: 4, kernel_size: 2 }],
    ['GlobalAveragePooling1D', {}]
  ],
  'depthwise convolutions': [
    [7, 6, 5],
    ['DepthwiseConv2D', { kernel_size: [3, 3], strides: [2, 2], padding: 'same', activation: 'relu' }],
    ['Conv2D', { filters: 8, kernel_size: 1 }],
    ['DepthwiseConv2D', { kernel_size: [2, 3], padding: 'same', use_bias: false }]
  ],
  'depthwise convolutions without padding': [
    [9, 8, 4],
    ['DepthwiseConv2D', { kernel_size: [3, 2], strides: [3, 3] }],
    ['DepthwiseConv2D', { kernel_size: [2, 1] }]
  ],
  'maxima that overlap and are padded': [
    [7, 6, 2],
    ['Conv2D', { filters: 6, kernel_size: 1 }],
    ['MaxPooling2D', { pool_size: [3, 3], strides: [2, 2], padding: 'same' }],
    ['Activation', { activation: 'relu' }],
    // Of equal maxima tfjs's global pooling gives each the whole gradient: without this layer there would be some.
    ['Conv2D', { filters: 5, kernel_size: 2 }],
    ['GlobalMaxPooling2D', {}]
  ],
  'means of windows': [
    [7, 6, 2],
    ['Conv2D', { filters: 5, kernel_size: 1 }],
    ['AveragePooling2D', { pool_size: [3, 2], strides: [2, 2], padding: 'valid' }],
    ['GlobalAveragePooling2D', {}]
  ],
  'batch normalisation': [
    [5, 4, 3],
    ['Conv2D', { filters: 6, kernel_size: [2, 2], use_bias: false }],
    ['BatchNormalization', { axis: 3, momentum: 0.9, epsilon: 0.01 }],
    ['ReLU', {}]
  ],
  'group normalisation': [
    [5, 4, 3],
    ['Conv2D', { filters: 6, kernel_size: [2, 2] }],
    ['GroupNormalization', { groups: 2, epsilon: 0.01 }],
    ['Activation', { activation: 'relu' }],
    ['GroupNormalization', { groups: 3, axis: -1 }]
  ],
  'depthwise convolutions with several filters a channel': [
    [7, 6, 3],
    ['DepthwiseConv2D', { kernel_size: [3, 2], strides: [2, 2], depth_multiplier: 2, padding: 'same' }],
    ['DepthwiseConv2D', { kernel_size: [2, 2], depth_multiplier: 3, activation: 'relu' }]
  ],
  'separable convolutions': [
    [7, 6, 3],
    ['SeparableConv2D', { filters: 5, kernel_size: [3, 3], depth_multiplier: 2, padding: 'same', activation: 'relu' }],
    ['SeparableConv2D', { filters: 4, kernel_size: [2, 3], strides: [2, 2], use_bias: false }]
  ],
  'layer normalisation': [
    [5, 6],
    ['Dense', { units: 7 }],
    ['LayerNormalization', { axis: [2], epsilon: 0.01 }],
    ['Activation', { activation: 'relu' }]
  ],
  'zero padding': [
    [4, 5, 2],
    ['Conv2D', { filters: 3, kernel_size: 2 }],
    [
      'ZeroPadding2D',
      {
        padding: [
          [1, 0],
          [2, 1]
        ]
      }
    ],
    ['Conv2D', { filters: 3, kernel_size: 2 }]
  ],
  'a GRU of whole sequences and one of the last state': [
    [6, 3],
    ['GRU', { units: 5, return_sequences: true }],
    ['GRU', { units: 4, recurrent_activation: 'sigmoid', use_bias: false }]
  ],
  'an LSTM of whole sequences and one of the last state': [
    [6, 3],
    ['LSTM', { units: 5, return_sequences: true, unit_forget_bias: true }],
    ['LSTM', { units: 4, recurrent_activation: 'sigmoid' }]
  ],
  'dropout, with the same choices': [
    [12],
    ['Dense', { units: 9, activation: 'relu' }],
    ['Dropout', { rate: 0.4 }],
    ['Dense', { units: 7, activation: 'tanh' }],
    ['Dropout', { rate: 0.2 }]
  ],
  'activations told by what they give': [
    [4],
    ['Dense', { units: 6, activation: 'elu' }],
    ['Dense', { units: 6, activation: 'selu' }],
    ['Dense', { units: 6, activation: 'softplus' }],
    ['Dense', { units: 6, activation: 'softsign' }],
    ['Dense', { units: 6, activation: 'hardSigmoid' }],
    ['Dense', { units: 6 }],
    ['LeakyReLU', { alpha: 0.2 }],
    ['Dense', { units: 6 }],
    ['ELU', { alpha: 1 }],
    ['Dense', { units: 6 }],
    ['ReLU', { max_value: 0.5 }],
    ['Dense', { units: 6, activation: 'relu6' }]
  ],
  'activations told by what they take, and two in a row': [
    [4],
    ['Dense', { units: 6, activation: 'swish' }],
    ['Dense', { units: 6, activation: 'gelu' }],
    ['Dense', { units: 6, activation: 'tanh' }],
    ['Activation', { activation: 'sigmoid' }],
    ['Activation', { activation: 'tanh' }]
  ],
  'reshaping, and dense layers over positions': [
    [12],
    ['Reshape', { target_shape: [null, 3] }],
    ['Dense', { units: 5, activation: 'relu' }],
    ['Reshape', { target_shape: [2, 2, 5] }],
    ['MaxPooling2D', {}]
  ]
}

for (const [name, [inputShape, ...middle]] of Object.entries(CASES)) {
  const topology = model(inputShape, ...middle)
  const data = { ...randomDataset(21, elementCount(inputShape), 3), inputShape }

  for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
    layers(`train ${name} with ${optimizer} as tfjs does`, async () => {
      const training: TrainingSettings = { ...CLASSIFY, optimizer, learningRate: optimizer === 'adam' ? 0.003 : 0.05 }
      const ours = initialParameters(topology, 1)
      const theirs = ours.slice()
      const plan = new PlanEngine(topology, training)
      const tfjs = await createEngine({ topology, training, backend: 'cpu' })
      try {
        const options = { firstStep: 0, steps: 5, seed: 2 }
        const expected = await tfjs.train(theirs, data, options)
        const actual = await plan.train(ours, data, options)
        close([actual.loss], [expected.loss], 1e-5 * expected.loss, 'loss')
        close(ours, theirs, 1e-5 * largest(theirs), 'parameters')
        // With the moving statistics of batch normalisation, which both have followed.
        const features = data.features as Float32Array
        close(await plan.predict(ours, features, 21), await tfjs.predict(theirs, features, 21), 1e-5, 'predictions')
      } finally {
        tfjs.dispose()
      }
    })
  }
}

layers('give the same bits at every run, whatever was trained before', async () => {
  const data = { ...randomDataset(20, 36, 2), inputShape: [6, 6, 1] }
  const options = { firstStep: 0, steps: 5, seed: 1 }
  const start = initialParameters(CONVOLUTIONAL, 1)
  const engine = new PlanEngine(CONVOLUTIONAL, CLASSIFY)
  const [first, again] = [start.slice(), start.slice()]
  const { loss } = await engine.train(first, data, options)
  assert.is((await engine.train(again, data, options)).loss, loss)
  assert.equal(again, first)
})

layers('predict rows alike in small and large chunks', async () => {
  const topology = model(
    [40, 40, 1],
    ['Conv2D', { filters: 16, kernel_size: 3, padding: 'same' }],
    ['GroupNormalization', { groups: 4 }]
  )
  const engine = new PlanEngine(topology, CLASSIFY)
  const parameters = initialParameters(topology, 1)
  const features = randomDataset(90, 1600).features as Float32Array
  const together = await engine.predict(parameters, features, 90)
  const alone = await engine.predict(parameters, features.subarray(89 * 1600), 1)
  assert.equal(together.subarray(89 * 3), alone)
})

layers('that the plan trains otherwise than tfjs are left to tfjs, by name', () => {
  const image = { batch_input_shape: [null, 6, 6, 2] }
  const cases: Layers = [
    ['Conv2D', { filters: 2, kernel_size: 3, kernel_regularizer: { class_name: 'L1L2', config: {} } }],
    ['Conv2D', { filters: 2, kernel_size: 3, activation: 'mish' }],
    ['BatchNormalization', { axis: 1 }],
    ['BatchNormalization', { moving_mean_initializer: { class_name: 'Ones', config: {} } }],
    ['GroupNormalization', { groups: 1, scale: false }],
    ['LayerNormalization', { axis: [1] }],
    ['Dropout', { rate: 0.5, noise_shape: [6, 1, 2] }]
  ]
  for (const [name, config] of cases) {
    const topology = sequential([name, { ...config, ...image }], ['Flatten', {}], ['Dense', { units: 2 }])
    const steps = planSteps(topology, CLASSIFY.loss)
    const label = `${name} ${JSON.stringify(config)}`
    assert.ok('unsupported' in steps && steps.unsupported.startsWith(`layer "layer_0" (${name})`), label)
  }
})

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

layers.run()
