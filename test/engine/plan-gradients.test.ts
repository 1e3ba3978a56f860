import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PlanEngine } from '../../engine/plan/plan-engine.js'
import { initialParameters, modelLayout } from '../../engine/topology.js'
import { elementCount } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { CLASSIFY, randomDataset, sequential } from './fixtures.js'

const gradients = suite('plan gradients')
const ROWS = 4
const STEP = 2e-3
const CASES_EACH = 40

type Layer = [string, Record<string, unknown>]

/** A layer of random shape of each kind, for images of this many channels. */
const KINDS: Record<string, (rng: Rng, channels: number) => Layer> = {
  Conv2D: rng => [
    'Conv2D',
    { ...window(rng, 'kernel_size'), filters: between(rng, 1, 9), use_bias: rng.uniform() < 0.5 }
  ],
  DepthwiseConv2D: rng => ['DepthwiseConv2D', { ...window(rng, 'kernel_size'), use_bias: rng.uniform() < 0.5 }],
  MaxPooling2D: rng => ['MaxPooling2D', window(rng, 'pool_size')],
  AveragePooling2D: rng => ['AveragePooling2D', window(rng, 'pool_size')],
  GlobalAveragePooling2D: () => ['GlobalAveragePooling2D', {}],
  BatchNormalization: () => ['BatchNormalization', { epsilon: 0.1 }],
  GroupNormalization: (rng, channels) => {
    const divisors = Array.from({ length: channels }, (_, i) => i + 1).filter(groups => channels % groups === 0)
    return ['GroupNormalization', { groups: divisors[rng.integer(divisors.length)], epsilon: 0.1 }]
  }
}

for (const [kind, draw] of Object.entries(KINDS)) {
  gradients(`of ${kind} are those of finite differences over random shapes`, () => {
    for (let seed = 0; seed < CASES_EACH; seed++) check(kind, draw, seed)
  })
}

/** Compare along one random direction a tensor: those of the layer before show the gradient of the layer's input. */
function check(kind: string, draw: (typeof KINDS)[string], seed: number): void {
  const rng = createRng(`${kind} ${seed}`)
  const channels = between(rng, 1, 9) + 16 * rng.integer(2)
  const inputShape = [between(rng, 4, 8), between(rng, 4, 8), 2]
  const topology = sequential(
    ['Conv2D', { filters: channels, kernel_size: 1, activation: 'tanh', batch_input_shape: [null, ...inputShape] }],
    draw(rng, channels),
    ['Activation', { activation: 'tanh' }],
    ['Flatten', {}],
    ['Dense', { units: 3, activation: 'softmax' }]
  )
  const engine = new PlanEngine(topology, CLASSIFY)
  const data = { ...randomDataset(ROWS, elementCount(inputShape), 3, seed), inputShape }
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

/** A whole number from `least` to `most`. */
function between(rng: Rng, least: number, most: number): number {
  return least + rng.integer(most - least + 1)
}

gradients.run()
