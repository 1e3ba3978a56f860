import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelTopology } from '../../engine/engine.js'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { initialParameters, modelLayout } from '../../engine/topology.js'
import { elementCount } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { CLASSIFY, functional, randomDataset, sequential } from './fixtures.js'
import { between } from './random-cases.js'

const gradients = suite('plan gradients')
const ROWS = 4
const STEP = 2e-3
const CASES_EACH = 40

type Layer = [string, Record<string, unknown>]

/** Activations without a kink, of which finite differences tell the slope. */
const SMOOTH = ['tanh', 'sigmoid', 'softplus', 'softsign', 'swish', 'gelu']
const KINKED = ['relu', 'relu6', 'elu', 'selu', 'hard_sigmoid']

/** A layer of random shape of each kind, for images of this many channels; what is named twice has other options. */
const KINDS: Record<string, (rng: Rng, channels: number) => Layer> = {
  'Conv2D with dilation': rng => {
    const dilation = [between(rng, 1, 3), between(rng, 1, 3)]
    const padding = rng.uniform() < 0.5 ? 'same' : 'valid'
    return ['Conv2D', { kernel_size: [2, 2], dilation_rate: dilation, padding, filters: between(rng, 1, 9) }]
  },
  'DepthwiseConv2D with several filters': rng => [
    'DepthwiseConv2D',
    { ...window(rng, 'kernel_size'), depth_multiplier: between(rng, 2, 3) }
  ],
  'DepthwiseConv2D with dilation': rng => [
    'DepthwiseConv2D',
    { kernel_size: [2, 2], dilation_rate: [between(rng, 1, 3), between(rng, 1, 3)], use_bias: rng.uniform() < 0.5 }
  ],
  SeparableConv2D: rng => [
    'SeparableConv2D',
    {
      ...window(rng, 'kernel_size'),
      filters: between(rng, 1, 9),
      depth_multiplier: between(rng, 1, 2),
      use_bias: rng.uniform() < 0.5
    }
  ],
  ZeroPadding2D: rng => [
    'ZeroPadding2D',
    {
      padding: [
        [between(rng, 0, 2), between(rng, 0, 2)],
        [between(rng, 0, 2), between(rng, 0, 2)]
      ]
    }
  ],
  LayerNormalization: () => ['LayerNormalization', { epsilon: 0.1 }],
  Dropout: rng => ['Dropout', { rate: 0.1 + 0.8 * rng.uniform() }],
  Activation: rng => ['Activation', { activation: SMOOTH[rng.integer(SMOOTH.length)] }],
  Dense: rng => ['Dense', { units: between(rng, 1, 40), use_bias: rng.uniform() < 0.5 }],
  Conv2D: rng => [
    'Conv2D',
    { ...window(rng, 'kernel_size'), filters: between(rng, 1, 9), use_bias: rng.uniform() < 0.5 }
  ],
  DepthwiseConv2D: rng => ['DepthwiseConv2D', { ...window(rng, 'kernel_size'), use_bias: rng.uniform() < 0.5 }],
  MaxPooling2D: rng => ['MaxPooling2D', window(rng, 'pool_size')],
  AveragePooling2D: rng => ['AveragePooling2D', window(rng, 'pool_size')],
  GlobalAveragePooling2D: () => ['GlobalAveragePooling2D', {}],
  GlobalMaxPooling2D: () => ['GlobalMaxPooling2D', {}],
  BatchNormalization: () => ['BatchNormalization', { epsilon: 0.1 }],
  GroupNormalization: (rng, channels) => {
    const divisors = Array.from({ length: channels }, (_, i) => i + 1).filter(groups => channels % groups === 0)
    return ['GroupNormalization', { groups: divisors[rng.integer(divisors.length)], epsilon: 0.1 }]
  }
}

/** What has kernels of its own where channels go by the four. */
const BY_FOURS: typeof KINDS = {
  'Conv2D that goes by points': rng => {
    const kernel = [between(rng, 1, 3), rng.uniform() < 0.7 ? 3 : 5]
    return ['Conv2D', { kernel_size: kernel, filters: 4 * between(rng, 1, 4), padding: 'same' }]
  },
  'DepthwiseConv2D of 3 x 3': rng => {
    const padding = rng.uniform() < 0.5 ? 'same' : 'valid'
    return ['DepthwiseConv2D', { kernel_size: [3, 3], padding, use_bias: rng.uniform() < 0.5 }]
  }
}

for (const [kind, draw] of Object.entries({ ...KINDS, ...BY_FOURS })) {
  gradients(`of ${kind} are those of finite differences over random shapes`, () => {
    for (let seed = 0; seed < CASES_EACH; seed++) check(kind, draw, seed)
  })
}

/** Layers of sequences; those with a kink are here, as few values change sides on a step. */
const SEQUENCES: Record<string, (rng: Rng) => Layer> = {
  Conv1D: rng => [
    'Conv1D',
    { ...line(rng, 'kernel_size'), filters: between(rng, 1, 9), use_bias: rng.uniform() < 0.5 }
  ],
  MaxPooling1D: rng => ['MaxPooling1D', line(rng, 'pool_size')],
  AveragePooling1D: rng => ['AveragePooling1D', line(rng, 'pool_size')],
  GlobalMaxPooling1D: () => ['GlobalMaxPooling1D', {}],
  GlobalAveragePooling1D: () => ['GlobalAveragePooling1D', {}],
  'Activation with a kink': rng => ['Activation', { activation: KINKED[rng.integer(KINKED.length)] }],
  LeakyReLU: rng => ['LeakyReLU', { alpha: rng.uniform() }]
}

for (const [kind, draw] of Object.entries(SEQUENCES)) {
  gradients(`of ${kind} are those of finite differences over random shapes`, () => {
    for (let seed = 0; seed < CASES_EACH; seed++) {
      const rng = createRng(`${kind} ${seed}`)
      const inputShape = [between(rng, 4, 12), between(rng, 1, 5)]
      const first: Layer = ['Dense', { units: between(rng, 1, 20), activation: 'tanh' }]
      const layers: Layer[] = [draw(rng), ['Activation', { activation: 'tanh' }], ['Flatten', {}], OUTPUT]
      compare(kind, seed, rng, inputShape, chain(inputShape, first, ...layers))
    }
  })
}

/** Recurrent layers of sequences of this many channels. */
const RECURRENT: Record<string, (rng: Rng) => Layer[]> = {
  GRU: rng => recurrent(rng, 'GRU'),
  LSTM: rng => recurrent(rng, 'LSTM')
}

for (const [kind, draw] of Object.entries(RECURRENT)) {
  gradients(`of ${kind} are those of finite differences over random shapes`, () => {
    for (let seed = 0; seed < CASES_EACH; seed++) {
      const rng = createRng(`${kind} ${seed}`)
      const inputShape = [between(rng, 1, 6), between(rng, 1, 9)]
      const first: Layer = ['Dense', { units: between(rng, 1, 6), activation: 'tanh' }]
      compare(kind, seed, rng, inputShape, chain(inputShape, first, ...draw(rng), ['Flatten', {}], OUTPUT))
    }
  })
}

gradients('of Embedding are those of finite differences over random shapes', () => {
  for (let seed = 0; seed < CASES_EACH; seed++) {
    const rng = createRng(`Embedding ${seed}`)
    const inputShape = [between(rng, 1, 7)]
    const words = between(rng, 2, 9)
    const layer: Layer = ['Embedding', { input_dim: words, output_dim: between(rng, 1, 9) }]
    const topology = chain(inputShape, layer, ['Activation', { activation: 'tanh' }], ['Flatten', {}], OUTPUT)
    compare('Embedding', seed, rng, inputShape, topology, words)
  }
})

gradients('of Add and Concatenate are those of finite differences, whatever a branch holds', () => {
  for (let seed = 0; seed < CASES_EACH; seed++) {
    const rng = createRng(`merging ${seed}`)
    const inputShape = [between(rng, 2, 4), between(rng, 1, 5)]
    const axis = [-1, 1, 2][rng.integer(3)]
    const activation = SMOOTH[rng.integer(SMOOTH.length)]
    const units = inputShape[1]
    const topology = functional(
      ['input', 'InputLayer', { batch_input_shape: [null, ...inputShape] }],
      ['a', 'Dense', { units, activation: 'tanh' }, 'input'],
      ['b', 'Dense', { units }, 'a'],
      ['c', 'Activation', { activation }, 'a'],
      ['d', 'Add', {}, 'a', 'b', 'c', 'b'],
      ['e', 'Concatenate', { axis }, 'd', 'a', 'd'],
      ['f', 'Flatten', {}, 'e'],
      ['g', 'Dense', { units: 3, activation: 'softmax' }, 'f']
    )
    compare(`merging along ${axis}`, seed, rng, inputShape, topology)
  }
})

const OUTPUT: Layer = ['Dense', { units: 3, activation: 'softmax' }]

function chain(inputShape: number[], [name, config]: Layer, ...others: Layer[]): ModelTopology {
  return sequential([name, { ...config, batch_input_shape: [null, ...inputShape] }], ...others)
}

function recurrent(rng: Rng, name: string): Layer[] {
  const config = () => ({
    units: between(rng, 1, 9),
    recurrent_activation: 'sigmoid',
    use_bias: rng.uniform() < 0.7
  })
  const last: Layer = [name, { ...config(), return_sequences: rng.uniform() < 0.5 }]
  return rng.uniform() < 0.5 ? [last] : [[name, { ...config(), return_sequences: true }], last]
}

function check(kind: string, draw: (typeof KINDS)[string], seed: number): void {
  const rng = createRng(`${kind} ${seed}`)
  const channels = Object.hasOwn(BY_FOURS, kind) ? 4 * between(rng, 1, 6) : between(rng, 1, 9) + 16 * rng.integer(2)
  const inputShape = [between(rng, 4, 8), between(rng, 4, 8), 2]
  const first: Layer = ['Conv2D', { filters: channels, kernel_size: 1, activation: 'tanh' }]
  const others: Layer[] = [draw(rng, channels), ['Activation', { activation: 'tanh' }], ['Flatten', {}], OUTPUT]
  compare(kind, seed, rng, inputShape, chain(inputShape, first, ...others))
}

/**
 * Compare along one random direction a tensor: those of the layer before show the gradient of the layer's input.
 *
 * @param words - features are whole numbers below it
 */
function compare(
  kind: string,
  seed: number,
  rng: Rng,
  inputShape: number[],
  topology: ModelTopology,
  words?: number
): void {
  const engine = new PlanEngine(topology, CLASSIFY)
  const data = { ...randomDataset(ROWS, elementCount(inputShape), 3, seed), inputShape }
  if (words !== undefined) for (let i = 0; i < data.features.length; i++) data.features[i] = rng.integer(words)
  const rows = Uint32Array.from({ length: ROWS }, (_, i) => i)
  const parameters = initialParameters(topology, seed)
  const { loss, gradient: buffer } = engine.gradient(parameters, data, rows)
  const gradient = Float64Array.from(buffer)
  let offset = 0
  for (const { name, shape } of modelLayout(topology).tensors) {
    const size = elementCount(shape)
    const direction = Float64Array.from({ length: size }, () => rng.normal() / Math.sqrt(size))
    const slopes = [STEP, -STEP, STEP / 5, -STEP / 5].map(step => {
      const moved = parameters.slice()
      direction.forEach((value, i) => (moved[offset + i] += step * value))
      return (engine.gradient(moved, data, rows).loss - loss) / step
    })
    const exact = direction.reduce((sum, value, i) => sum + value * gradient[offset + i], 0)
    const label = `${kind} ${seed}, ${name} [${shape.join(', ')}] of ${JSON.stringify(inputShape)}`
    // A step on which a maximum moves to another place tells nothing: one of the others must agree.
    const numeric = [(slopes[0] + slopes[1]) / 2, ...slopes]
    const isClose = numeric.some(value => Math.abs(exact - value) < 1e-3 * (0.3 + Math.abs(exact)))
    assert.ok(isClose, `${label}: ${exact}, expected ${numeric[0]}`)
    offset += size
  }
}

function window(rng: Rng, size: string): Record<string, unknown> {
  const strides = [between(rng, 1, 3), between(rng, 1, 3)]
  return { [size]: [between(rng, 1, 4), between(rng, 1, 4)], strides, padding: rng.uniform() < 0.5 ? 'same' : 'valid' }
}

/** The same along a sequence. */
function line(rng: Rng, size: string): Record<string, unknown> {
  return {
    [size]: [between(rng, 1, 4)],
    strides: [between(rng, 1, 3)],
    padding: rng.uniform() < 0.5 ? 'same' : 'valid'
  }
}

/** A whole number from `least` to `most`. */
gradients.run()
