import { createRequire } from 'node:module'
import type * as Core from '@tensorflow/tfjs-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTfjs, requirePackage, useBackend } from '../../engine/tfjs-library.js'
import { installKernelPack } from '../../engine/tfjs-pack/index.js'
import { canNormalize, normalize } from '../../engine/tfjs-pack/normalization.js'
import { PackOptimizer } from '../../engine/tfjs-pack/optimizer.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { close } from '../helpers/close.js'
import { CLASSIFY } from './fixtures.js'
import { between, drawSumAndMean } from './random-cases.js'

const pack = suite('tfjs pack')
// Types are all that a test needs from elsewhere: it shares the instance of tfjs that the engine uses.
const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof Core
const CASES = 60

/** Some tensors, and an operation on them. */
interface Case {
  readonly label: string
  readonly shapes: readonly (readonly number[])[]
  readonly apply: (tensors: Core.Tensor[]) => Core.Tensor
  /** Whether tfjs itself has no gradient for it. */
  readonly valueOnly?: boolean
}

const OPERATIONS: Record<string, (rng: Rng) => Case> = {
  'a convolution': rng => {
    const [height, width, channels, filters] = [4, 4, 1, 1].map(least => between(rng, least, least + 20 / least))
    const kernel = [between(rng, 1, 4), between(rng, 1, 4)]
    const { strides, pad } = window(rng)
    return {
      label: `${height}x${width}x${channels}, ${kernel.join('x')}x${filters}, strides ${strides.join('x')}, ${pad}`,
      shapes: [
        [2, height, width, channels],
        [...kernel, channels, filters]
      ],
      apply: ([x, filter]) => core.conv2d(x as Core.Tensor4D, filter as Core.Tensor4D, strides, pad)
    }
  },
  'a depthwise convolution': rng => {
    const [height, width, channels] = [between(rng, 4, 9), between(rng, 4, 9), between(rng, 1, 18)]
    const kernel = [between(rng, 1, 4), between(rng, 1, 4)]
    const multiplier = between(rng, 1, 3)
    const { strides, pad } = window(rng)
    // tfjs's cpu backend needs both strides alike to differentiate
    const stride: [number, number] = [strides[0], strides[0]]
    return {
      label: `${height}x${width}x${channels}, ${kernel.join('x')} by ${multiplier}, stride ${stride[0]}, ${pad}`,
      shapes: [
        [2, height, width, channels],
        [...kernel, channels, multiplier]
      ],
      apply: ([x, filter]) => core.depthwiseConv2d(x as Core.Tensor4D, filter as Core.Tensor4D, stride, pad)
    }
  },
  'a product': rng => {
    const [m, k, n] = [between(rng, 1, 40), between(rng, 1, 40), between(rng, 1, 40)]
    const [batch, transposeA, transposeB] = [between(rng, 1, 3), rng.uniform() < 0.5, rng.uniform() < 0.5]
    const shared = rng.uniform() < 0.5
    return {
      label: `${batch} x ${m} x ${k} x ${n}, ${transposeA}, ${transposeB}, ${shared ? 'one' : 'as many'} on the right`,
      shapes: [
        transposeA ? [batch, k, m] : [batch, m, k],
        [...(shared ? [1] : [batch]), ...(transposeB ? [n, k] : [k, n])]
      ],
      apply: ([a, b]) => core.matMul(a, b, transposeA, transposeB),
      valueOnly: shared && batch > 1
    }
  },
  'a sum and a mean': rng => drawSumAndMean(rng, core),
  'a tile': rng => {
    const shape = Array.from({ length: between(rng, 1, 4) }, () => between(rng, 1, 3))
    const ones = rng.integer(shape.length + 1)
    const reps = shape.map((_, i) => (i < ones || rng.uniform() < 0.3 ? between(rng, 1, 4) : 1))
    const extents = shape.map((extent, i) => (i < ones ? 1 : extent))
    return {
      label: `[${extents.join(', ')}] times ${reps.join(', ')}`,
      shapes: [extents],
      apply: ([x]) => core.tile(x, reps),
      valueOnly: true
    }
  },
  'a normalisation': rng => {
    const [groups, size] = [between(rng, 1, 5), between(rng, 1, 5)]
    const [blocks, positions, channels] = [between(rng, 1, 4), between(rng, 2, 30), groups * size]
    return {
      label: `${blocks} x ${positions} x ${channels}, ${groups} groups`,
      shapes: [[blocks, positions, channels], [channels], [channels]],
      apply: ([x, gamma, beta]) => {
        if (canNormalize(core)) return normalize(core, x as Core.Tensor3D, gamma, beta, { groups, epsilon: 0.01 })[0]
        const grouped = core.reshape(x, [blocks, positions, groups, size])
        const { mean, variance } = core.moments(grouped, [1, 3], true)
        const normal = core.div(core.sub(grouped, mean), core.sqrt(core.add(variance, 0.01)))
        return core.add(core.mul(core.reshape(normal, x.shape), gamma), beta)
      }
    }
  },
  'a gather': rng => {
    const [rows, width] = [between(rng, 1, 9), between(rng, 1, 9)]
    const indices = Int32Array.from({ length: 7 }, () => rng.integer(rows))
    return {
      label: `${indices.join()} of ${rows} x ${width}`,
      shapes: [[rows, width]],
      apply: ([x]) => core.gather(x, core.tensor1d(indices, 'int32'))
    }
  },
  'an Einstein sum': rng => {
    const [i, j, k] = [between(rng, 1, 5), between(rng, 1, 5), between(rng, 1, 5)]
    const equation = ['ij,jk->ik', 'ij,jk->ki', 'ij,jk->ijk', 'ij,jk->i'][rng.integer(4)]
    return {
      label: `${equation} of ${i} x ${j} x ${k}`,
      shapes: [
        [i, j],
        [j, k]
      ],
      apply: ([a, b]) => core.einsum(equation, a, b),
      valueOnly: true
    }
  }
}

pack.before(async () => {
  const { core: loaded } = await loadTfjs('cpu', requirePackage)
  assert.is(loaded, core)
  await loadTfjs('wasm', requirePackage)
  installKernelPack(core)
})

for (const [name, draw] of Object.entries(OPERATIONS)) {
  pack(`computes and differentiates ${name} as tfjs does on cpu`, async () => {
    const cases = Array.from({ length: CASES }, (_, seed) => draw(createRng(`${name} ${seed}`)))
    const expected = await evaluate('cpu', cases)
    const actual = await evaluate('wasm', cases)
    cases.forEach(({ label }, i) => {
      expected[i].forEach((values, part) => close(actual[i][part], values, 1e-4, `${label}, ${part}`))
    })
  })
}

pack('leaves to tfjs what it does not know: a convolution with dilation', async () => {
  const dilated: Case = {
    label: 'dilated',
    shapes: [
      [1, 9, 9, 3],
      [2, 2, 3, 5]
    ],
    apply: ([x, filter]) => core.conv2d(x as Core.Tensor4D, filter as Core.Tensor4D, 1, 'valid', 'NHWC', 2),
    valueOnly: true
  }
  const [[expected], [actual]] = [await evaluate('cpu', [dilated]), await evaluate('wasm', [dilated])]
  close(actual[0], expected[0], 1e-5, 'dilated')
})

pack('steps on variables where they lie, but for those whose values others look at', async () => {
  await useBackend(core, 'wasm')
  const before = core.memory().numTensors
  const memory = installKernelPack(core)
  const training = { ...CLASSIFY, optimizer: 'sgd', learningRate: 0.5 } as const
  const [own, shared] = [[1, 2, 3], [4]].map(values => core.tidy(() => core.variable(core.tensor1d(values))))
  const optimizer = new PackOptimizer(core, memory, training, [own, shared])
  const gradients = { [own.name]: core.tensor1d([2, 4, 6]), [shared.name]: core.tensor1d([2]) }
  const alias = shared.clone()
  const places = [own, shared].map(each => memory.address(each))
  optimizer.applyGradients(gradients)
  close(own.dataSync(), [0, 0, 0], 0, 'a variable')
  close(shared.dataSync(), [3], 0, 'one that is looked at')
  close(alias.dataSync(), [4], 0, 'what looks at it')
  assert.is(memory.address(own), places[0])
  assert.is.not(memory.address(shared), places[1])
  optimizer.dispose()
  core.dispose([own, shared, alias, ...Object.values(gradients)])
  assert.is(core.memory().numTensors, before)
})

/** Of each case the value, and the gradients of a weighted sum of it. */
async function evaluate(backend: 'cpu' | 'wasm', cases: readonly Case[]): Promise<Float32Array[][]> {
  await useBackend(core, backend)
  const before = core.memory().numTensors
  const results = cases.map(({ label, shapes, apply, valueOnly }) =>
    core.tidy(() => {
      const rng = createRng(label)
      const draw = (shape: readonly number[]) =>
        core.tensor(
          Float32Array.from({ length: core.util.sizeFromShape([...shape]) }, () => rng.normal()),
          [...shape]
        )
      const tensors = shapes.map(draw)
      const value = apply(tensors)
      if (valueOnly === true) return [value.dataSync<'float32'>()]
      const gradients = core.grads((...inputs: Core.Tensor[]) => apply(inputs))(tensors, draw(value.shape))
      return [value, ...gradients].map(each => each.dataSync<'float32'>())
    })
  )
  assert.is(core.memory().numTensors, before, `tensors held on ${backend}`)
  return results
}

function window(rng: Rng): { strides: [number, number]; pad: 'same' | 'valid' } {
  return { strides: [between(rng, 1, 3), between(rng, 1, 3)], pad: rng.uniform() < 0.5 ? 'same' : 'valid' }
}

/** A whole number from `least` to `most`. */
pack.run()
