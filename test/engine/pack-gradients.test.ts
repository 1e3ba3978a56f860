import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTfjs, requirePackage } from '../../engine/tfjs-library.js'
import { installKernelPack } from '../../engine/tfjs-pack/index.js'
import { normalize } from '../../engine/tfjs-pack/normalization.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { between, drawSumAndMean } from './random-cases.js'

const gradients = suite('pack gradients')
// Types are all that a test needs from elsewhere: it shares the instance of tfjs that the engine uses.
const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof Core
const CASES_EACH = 50
/** What is linear or quadratic in each of its inputs: central differences are exact, whatever the step. */
const STEP = 0.5
const CURVED_STEP = 0.01
/** Of the root of the sum of squares of what each entry of a gradient adds to the slope. */
const TOLERANCE = 3e-4
const CURVED_TOLERANCE = 2e-3

type Shape = readonly number[]
/** Some of tfjs's types do not know the last. */
type Pads = 'same' | 'valid' | [[0, 0], [number, number], [number, number], [0, 0]]

/** Tensors of these shapes, and an operation on them. */
interface Case {
  readonly label: string
  readonly shapes: readonly Shape[]
  readonly apply: (tensors: Core.Tensor[]) => Core.Tensor
  readonly isCurved?: boolean
}

const OPERATIONS: Record<string, (rng: Rng) => Case> = {
  'a convolution': rng => {
    const { image, kernel, strides, pad, label } = drawWindow(rng)
    const filters = between(rng, 1, 20)
    return {
      label: `${label}, ${filters} filters`,
      shapes: [image, [...kernel, image[3], filters]],
      apply: ([x, filter]) => core.conv2d(x as Core.Tensor4D, filter as Core.Tensor4D, strides, pad)
    }
  },
  'a convolution that goes by points': rng => {
    const [channels, filters] = [4 * between(rng, 1, 5), 4 * between(rng, 1, 5)]
    const image = [between(rng, 1, 3), between(rng, 4, 7), between(rng, 5, 20), channels]
    const kernel = [between(rng, 1, 4), rng.uniform() < 0.5 ? 3 : 5]
    const pad = rng.uniform() < 0.5 ? 'same' : 'valid'
    return {
      label: `${image.join('x')}, ${kernel.join('x')}x${filters}, ${pad}`,
      shapes: [image, [...kernel, channels, filters]],
      apply: ([x, filter]) => core.conv2d(x as Core.Tensor4D, filter as Core.Tensor4D, 1, pad)
    }
  },
  'a convolution with a bias': rng => {
    const { image, kernel, strides, pad, label } = drawWindow(rng)
    const filters = between(rng, 1, 20)
    return {
      label: `${label}, ${filters} filters`,
      shapes: [image, [...kernel, image[3], filters], [filters]],
      apply: ([x, filter, bias]) =>
        core.fused.conv2d({ x: x as Core.Tensor4D, filter: filter as Core.Tensor4D, strides, pad, bias })
    }
  },
  'a depthwise convolution': rng => {
    const { image, kernel, strides, pad, label } = drawWindow(rng)
    const multiplier = between(rng, 1, 3)
    return {
      label: `${label}, multiplier ${multiplier}`,
      shapes: [image, [...kernel, image[3], multiplier]],
      apply: ([x, filter]) => core.depthwiseConv2d(x as Core.Tensor4D, filter as Core.Tensor4D, strides, pad)
    }
  },
  'a depthwise convolution of 3 x 3 with a bias': rng => {
    const image = [between(rng, 1, 3), between(rng, 3, 9), between(rng, 3, 9), 4 * between(rng, 1, 5)]
    const pad = drawPads(rng, [3, 3])
    return {
      label: `${image.join('x')}, ${pad.toString()}`,
      shapes: [image, [3, 3, image[3], 1], [image[3]]],
      apply: ([x, filter, bias]) =>
        core.fused.depthwiseConv2d({
          x: x as Core.Tensor4D,
          filter: filter as Core.Tensor4D,
          strides: 1,
          pad: pad as 'same',
          bias
        })
    }
  },
  'a product': rng => {
    const { shapes, transposeA, transposeB, label } = drawProduct(rng)
    return { label, shapes, apply: ([a, b]) => core.matMul(a, b, transposeA, transposeB) }
  },
  'a product with a bias': rng => {
    const { shapes, transposeA, transposeB, columns, label } = drawProduct(rng)
    return {
      label,
      shapes: [...shapes, [columns]],
      apply: ([a, b, bias]) => core.fused.matMul({ a, b, transposeA, transposeB, bias })
    }
  },
  'a sum and a mean': rng => drawSumAndMean(rng, core),
  'a tile': rng => {
    const shape = Array.from({ length: between(rng, 1, 4) }, () => between(rng, 1, 3))
    const reps = shape.map(() => between(rng, 1, 3))
    return {
      label: `[${shape.join(', ')}] times ${reps.join(', ')}`,
      shapes: [shape],
      apply: ([x]) => core.tile(x, reps)
    }
  },
  'a gather and a sum of segments': rng => {
    const [rows, width, segments] = [between(rng, 1, 9), between(rng, 1, 9), between(rng, 1, 5)]
    const indices = Array.from({ length: 7 }, () => rng.integer(rows))
    const ids = indices.map(() => rng.integer(segments))
    return {
      label: `rows ${indices.join()} of ${rows} x ${width} to ${ids.join()}`,
      shapes: [[rows, width]],
      apply: ([x]) =>
        core.unsortedSegmentSum(core.gather(x, core.tensor1d(indices, 'int32')), core.tensor1d(ids, 'int32'), segments)
    }
  },
  'a normalisation': rng => {
    const [groups, size] = [between(rng, 1, 5), between(rng, 1, 9)]
    const [blocks, positions, channels] = [between(rng, 1, 4), between(rng, 2, 30), groups * size]
    return {
      label: `${blocks} x ${positions} x ${channels}, ${groups} groups`,
      shapes: [[blocks, positions, channels], [channels], [channels]],
      apply: ([x, gamma, beta]) => normalize(core, x as Core.Tensor3D, gamma, beta, { groups, epsilon: 0.1 })[0],
      isCurved: true
    }
  }
}

gradients.before(async () => {
  const { core: loaded } = await loadTfjs('wasm', requirePackage)
  assert.is(loaded, core)
  installKernelPack(core)
})

for (const [name, draw] of Object.entries(OPERATIONS)) {
  gradients(`of ${name} are those of finite differences over ${CASES_EACH} random cases`, () => {
    const before = core.memory().numTensors
    for (let seed = 0; seed < CASES_EACH; seed++) {
      const rng = createRng(`${name} ${seed}`)
      core.tidy(() => check(draw(rng), rng))
    }
    assert.is(core.memory().numTensors, before, 'tensors held')
  })
}

/** Compare the slope of a weighted sum of the values along one random direction for each input. */
function check({ label, shapes, apply, isCurved }: Case, rng: Rng): void {
  const inputs = shapes.map(shape => normal(rng, shape))
  const value = apply(inputs)
  const weights = normal(rng, value.shape)
  const slopes = core.grads((...tensors: Core.Tensor[]) => apply(tensors))(inputs, weights)
  const step = isCurved === true ? CURVED_STEP : STEP
  shapes.forEach((shape, part) => {
    const direction = normal(rng, shape)
    const along = (distance: number): number => {
      const moved = core.add(inputs[part], core.mul(direction, distance))
      return dot(apply(inputs.map((each, i) => (i === part ? moved : each))), weights)
    }
    const numeric = (along(step) - along(-step)) / (2 * step)
    const exact = dot(slopes[part], direction)
    const size = Math.sqrt(dot(core.square(slopes[part]), core.square(direction)))
    const tolerance = isCurved === true ? CURVED_TOLERANCE : TOLERANCE
    const isClose = Math.abs(numeric - exact) <= tolerance * (size + 1e-3)
    assert.ok(isClose, `${label}, input ${part}: slope ${exact}, by differences ${numeric}`)
  })
}

function normal(rng: Rng, shape: Shape): Core.Tensor {
  const values = Float32Array.from({ length: core.util.sizeFromShape([...shape]) }, () => rng.normal())
  return core.tensor(values, [...shape])
}

/** In double precision. */
function dot(a: Core.Tensor, b: Core.Tensor): number {
  const values = b.dataSync<'float32'>()
  return a.dataSync<'float32'>().reduce((sum, each, i) => sum + each * values[i], 0)
}

/** Images, and a window with any strides and padding. */
function drawWindow(rng: Rng) {
  const kernel = [between(rng, 1, 4), between(rng, 1, 4)]
  const image = [between(rng, 1, 8), between(rng, 4, 9), between(rng, 4, 9), between(rng, 1, 18)]
  const strides: [number, number] = [between(rng, 1, 3), between(rng, 1, 3)]
  const pad = drawPads(rng, kernel)
  const label = `${image.join('x')}, ${kernel.join('x')}, strides ${strides.join('x')}, ${pad.toString()}`
  return { image, kernel, strides, pad, label }
}

function drawPads(rng: Rng, kernel: Shape): Pads {
  const kind = rng.integer(3)
  if (kind < 2) return kind === 0 ? 'same' : 'valid'
  const [height, width] = kernel.map((size): [number, number] => [rng.integer(size + 1), rng.integer(size + 1)])
  return [[0, 0], height, width, [0, 0]]
}

function drawProduct(rng: Rng) {
  const [batch, m, k, columns] = [between(rng, 1, 3), between(rng, 1, 40), between(rng, 1, 40), between(rng, 1, 40)]
  const [transposeA, transposeB] = [rng.uniform() < 0.5, rng.uniform() < 0.5]
  const shapes = [
    [batch, ...(transposeA ? [k, m] : [m, k])],
    [batch, ...(transposeB ? [columns, k] : [k, columns])]
  ]
  return {
    shapes,
    transposeA,
    transposeB,
    columns,
    label: `${batch} x ${m} x ${k} x ${columns}, ${transposeA}, ${transposeB}`
  }
}

/** A whole number from `least` to `most`. */
gradients.run()
