import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Compressor } from '../../learning/compression/compressor.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { decodeIndices } from '../../learning/compression/index-set.js'
import { InvalidParametersError, MalformedUpdateError } from '../../learning/errors.js'
import { squaredDistance } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { compressorCompliance, type CompressorPromise } from '../compliance/compressor.js'
import { close } from '../helpers/close.js'
import { compressorOf } from '../helpers/machine.js'
import { norm } from '../helpers/norm.js'
import { throwsExactly } from '../helpers/throws.js'

const magnitudeOf = (input: Float32Array, i: number): number => Math.abs(input[i])

/** Left out is what at least `kept` others are no smaller than; the rest is exact. */
function topPromise(ratio: number): CompressorPromise {
  let of: Float32Array | undefined
  let sorted = new Float32Array(0)
  return {
    maxError(input, i) {
      if (of !== input) sorted = Float32Array.from(input, Math.abs).sort().reverse()
      of = input
      const threshold = sorted[Math.max(1, Math.round(ratio * input.length)) - 1]
      return magnitudeOf(input, i) > threshold ? 0 : magnitudeOf(input, i)
    },
    omega: 1 - ratio + 1e-6
  }
}

const promises: [spec: string, promise: CompressorPromise][] = [
  ['top-k:0.01', topPromise(0.01)],
  ['top-k:0.3+float32', topPromise(0.3)],
  ['top-k:1', { maxError: () => 0, unbiased: true, omega: 0 }],
  [
    'top-k:0.1+quantize:4',
    { maxError: (input, i) => Math.abs(input[i]) + largest(input) / 6 + 2 ** -133, omega: 0.9 + 0.034 }
  ],
  ['top-k:0.1+quantize:4:range', { maxError: (input, i) => Math.abs(input[i]) + largest(input) / 6 + 2 ** -133 }],
  ['top-k:0.5+sign', { maxError: (input, i) => Math.abs(input[i]) + largest(input) }],
  ['top-k:0.01+sharing:quantize:8', topPromise(0.01)],
  ['random-k:0.1', { maxError: magnitudeOf, omega: 1 }],
  ['random-k:1', { maxError: () => 0, omega: 0 }],
  ['random-k:0.25+quantize:8', { maxError: (input, i) => Math.abs(input[i]) + largest(input) / 126 + 2 ** -133 }],
  [
    'sign',
    {
      maxError(input, i) {
        const block = input.subarray(i - (i % 128), i - (i % 128) + 128)
        const scale = block.reduce((sum, value) => sum + Math.abs(value), 0) / block.length
        return Math.abs(Math.abs(input[i]) - scale) + scale / 127 + 2 ** -132
      },
      omega: 1
    }
  ]
]

for (const [spec, promise] of promises) {
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(spec, layout), promise)
  )
}

function largest(input: Float32Array): number {
  return input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

function normals(length: number, seed: number | string): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => rng.normal())
}

function roundTrip(compressor: Compressor, input: Float32Array, seed = 1): Float32Array {
  const output = new Float32Array(input.length)
  compressor.decode(compressor.encode(input, createRng(seed)), output)
  return output
}

function lostShare(spec: string, input: Float32Array, seed?: number): number {
  return squaredDistance(roundTrip(compressorOf(spec, input.length), input, seed), input) / norm(input) ** 2
}

function isMalformed(error: unknown): boolean {
  return error instanceof MalformedUpdateError
}

const topK = suite('top-k')

topK('keeps the largest magnitudes, as a full sort finds them', () => {
  const rng = createRng('sorts')
  for (let t = 0; t < 200; t++) {
    const length = 1 + rng.integer(500)
    // Few distinct values, so that there are many ties; powers spread the exponents.
    const input = Float32Array.from(
      { length },
      () => (rng.integer(9) - 4) * 10 ** (t % 2 === 0 ? 0 : rng.integer(40) - 20)
    )
    const ratio = (1 + rng.integer(100)) / 100
    const count = Math.max(1, Math.round(ratio * length))
    const order = [...input.keys()].sort((a, b) => Math.abs(input[b]) - Math.abs(input[a]) || a - b).slice(0, count)
    const expected = new Float32Array(length)
    for (const i of order) expected[i] = input[i]
    const output = new Float32Array(length)
    const compressor = compressorOf(`top-k:${ratio}`, length)
    if (compressor.maxBytes === 4 * length) continue // so many that all are sent
    compressor.decode(compressor.encode(input, rng), output)
    close(output, expected, 0, `${count} of ${length}`)
  }
})

topK('keeps the first of equal magnitudes, whatever their sign', () => {
  close(roundTrip(compressorOf('top-k:0.4', 5), Float32Array.of(1, -2, 2, -2, 2)), [0, -2, 2, 0, 0], 0)
})

topK('tells large values apart by their last bit', () => {
  const input = Float32Array.of(1 + 2 ** -23, 1, 1 + 2 ** -22, 1 + 3 * 2 ** -23)
  close(roundTrip(compressorOf('top-k:0.5', 4), input), [0, 0, input[2], input[3]], 0)
})

topK('leaves what it does not carry as the receiver has it', () => {
  const compressor = compressorOf('top-k:0.25', 4)
  const output = new Float32Array(4).fill(9)
  compressor.decode(compressor.encode(Float32Array.of(1, 0, 5, -2), createRng(1)), output)
  close(output, [9, 9, 5, 9], 0)
})

topK('loses no more than 1 - k/d of the squared norm; as much when all magnitudes are equal', () => {
  for (const [ratio, length] of [
    [0.01, 1000],
    [0.1, 777],
    [0.5, 64]
  ]) {
    const kept = Math.round(ratio * length) / length
    const equal = new Float32Array(length).fill(3)
    assert.ok(Math.abs(lostShare(`top-k:${ratio}`, equal) - (1 - kept)) < 1e-9, `${ratio} of ${length}, equal`)
    assert.ok(lostShare(`top-k:${ratio}`, normals(length, 'lost')) < 0.96 * (1 - kept), `${ratio} of ${length}, normal`)
  }
})

topK('keeps at least one value', () => {
  close(roundTrip(compressorOf('top-k:0.001', 3), Float32Array.of(1, -3, 2)), [0, -3, 0], 0)
})

topK('keeps the least number of values that is asked for, and all of those that are fewer', () => {
  const kept = (spec: string, length: number): number =>
    roundTrip(compressorOf(spec, length), normals(length, 'least')).filter(value => value !== 0).length
  assert.is(kept('top-k:0.01:50', 1000), 50)
  assert.is(kept('top-k:0.1:50', 1000), 100)
  assert.is(kept('top-k:0.01:50', 40), 40)
  const { spec, stepSize } = compressorOf('top-k:0.01:50+quantize:8', 1000)
  assert.is(spec, 'top-k:0.01:50+quantize:8')
  close([stepSize!], [0.05 ** 0.6], 1e-12)
})

topK('sends a byte of form, indices near their floor, and the values', () => {
  const compressor = compressorOf('top-k:0.01+quantize:8', 23_800)
  const { length } = compressor.encode(normals(23_800, 'size'), createRng(1))
  // 238 of 23,800: the floor is 240 bytes; the values take 238 and 8 of scale.
  assert.ok(length <= 1 + 240 * 1.03 + 246, `${length} bytes`)
})

topK('takes the smallest form of the indices', () => {
  const evenly = (step: number) => Float32Array.from({ length: 800 }, (_, i) => (i % step === 0 ? 1 + i : 0))
  const form = (ratio: number, input: Float32Array) => compressorOf(`top-k:${ratio}`, 800).encode(input, createRng(1))
  assert.is(form(0.5, evenly(2))[0], 0, 'bitmap')
  assert.is(form(0.5, evenly(2)).length, 1 + 100 + 1600)
  assert.is(form(0.125, evenly(8))[0], 1 + 2, 'Rice with 2 low bits')
  assert.is(form(0.125, evenly(8)).length, 1 + 50 + 400)
  const first = Float32Array.from({ length: 800 }, (_, i) => (i < 100 ? 1 : 0))
  assert.is(form(0.125, first).length, 1 + 13 + 400, 'a run of 100 takes a bit each')
  assert.is(compressorOf('top-k:0.999+quantize:2', 800).maxBytes, compressorOf('quantize:2', 800).maxBytes, 'dense')
})

topK('reaches maxBytes, and never exceeds it', () => {
  const rng = createRng('exceeds')
  for (let t = 0; t < 300; t++) {
    const length = 2 + rng.integer(2000)
    const ratio = (1 + rng.integer(60)) / 100
    const compressor = compressorOf(`top-k:${ratio}`, length)
    const { length: used } = compressor.encode(normals(length, t), rng)
    assert.ok(used <= compressor.maxBytes, `${ratio} of ${length}: ${used} of ${compressor.maxBytes}`)
    const count = Math.max(1, Math.round(ratio * length))
    const worst = Float32Array.from({ length }, (_, i) => (i < count - 1 || i === length - 1 ? 1 : 0))
    const { length: most } = compressor.encode(worst, rng)
    // From an eighth on a range code may be smaller than both forms that the bound is about.
    if (count < length / 8) assert.is(most, compressor.maxBytes, `${ratio} of ${length}: the worst`)
    else assert.ok(most <= compressor.maxBytes, `${ratio} of ${length}: ${most} of ${compressor.maxBytes}`)
  }
})

topK('refuses index sets that are none', () => {
  // 2 of 16 positions, 1 byte of form, 2 of bitmap, 8 of values.
  const compressor = compressorOf('top-k:0.125', 16)
  const values = compressorOf('float32', 2).encode(Float32Array.of(1, 2), createRng(1))
  const decode =
    (...indices: number[]) =>
    () =>
      compressor.decode(Uint8Array.of(...indices, ...values), new Float32Array(16))
  decode(0, 0b1001, 0)()
  for (const indices of [
    [0, 1, 0],
    [0, 0b1011, 0],
    [0, 3],
    [26, 0],
    [255, 0],
    [1, 0b11111111, 0b1111111, 0]
  ]) {
    assert.throws(decode(...indices), isMalformed, indices.join())
  }
})

topK('refuses index sets of a form that there is not', () => {
  const read = (form: number) => () => decodeIndices(Uint8Array.of(form, 0, 0, 0, 0, 0, 0, 0), new Uint32Array(2), 16)
  assert.is(read(25)(), 8, 'the last one')
  assert.throws(read(26), isMalformed)
})

topK('refuses ratios outside (0, 1]', () => {
  for (const argument of ['0', '-1', '1.01', 'x', '', ' ', 'NaN', 'Infinity']) {
    const message = `top-k:${argument}: expected the share of values to keep, above 0 and at most 1, as in top-k:0.01`
    throwsExactly(() => compressorOf(`top-k:${argument}`, 4), InvalidParametersError, message)
  }
})

topK('refuses least numbers that are none', () => {
  for (const least of ['0', '-1', '1.5', 'x', '', ' ', '1000001']) {
    const message = `top-k: at least "${least}" values; expected a whole number from 1 to 1000000, as in top-k:0.01:500`
    throwsExactly(() => compressorOf(`top-k:0.1:${least}`, 4), InvalidParametersError, message)
  }
  throwsExactly(
    () => compressorOf('top-k:0.1:5:6', 4),
    InvalidParametersError,
    'top-k:0.1:5:6: expected the share of values to keep and the least number of them, as in top-k:0.01:500'
  )
})

topK('advises smaller steps, the more gets lost', () => {
  const step = (spec: string): number => compressorOf(spec, 1000).stepSize ?? 1
  const specs = [
    'top-k:0.01',
    'top-k:0.1+quantize:8',
    'top-k:0.1+sign',
    'top-k:1',
    'sign',
    'quantize:4:range',
    'quantize:2'
  ]
  close(specs.map(step), [0.063, 0.251, 0.126, 1, 0.5, 1, 0.05], 0.001)
  close([step('random-k:0.1'), step('random-k:1')], [0.05, 1], 0.001)
})

topK.run()

const randomK = suite('random-k')

randomK('keeps each value equally often, k at a time', () => {
  const compressor = compressorOf('random-k:0.3', 10)
  const input = new Float32Array(10).fill(1)
  const kept = new Float64Array(10)
  for (let t = 0; t < 4000; t++) {
    const output = roundTrip(compressor, input, t)
    assert.is(
      output.reduce((sum, value) => sum + value, 0),
      3,
      `draw ${t}`
    )
    output.forEach((value, i) => (kept[i] += value))
  }
  // 4000 draws of chance 0.3 have a deviation of 29.
  kept.forEach((count, i) => assert.ok(Math.abs(count - 1200) < 145, `index ${i} was kept ${count} times`))
})

randomK('spends 4 bytes on indices, however many', () => {
  for (const length of [100, 10_000]) {
    assert.is(compressorOf('random-k:0.1', length).encode(normals(length, 1), createRng(1)).length, 4 + 0.4 * length)
  }
})

randomK('loses 1 - k/d of the squared norm on average', () => {
  let lost = 0
  for (let seed = 0; seed < 50; seed++) lost += lostShare('random-k:0.2', normals(1000, 'lost'), seed) / 50
  assert.ok(Math.abs(lost - 0.8) < 0.02, `${lost}`)
})

randomK('refuses a message without a seed', () => {
  assert.throws(() => compressorOf('random-k:0.5', 4).decode(new Uint8Array(3), new Float32Array(4)), isMalformed)
})

randomK.run()

const sign = suite('sign')

sign('sends a bfloat16 of the mean magnitude a block, and a bit a value', () => {
  const bytes = compressorOf('sign', 4).encode(Float32Array.of(1, -2, 0, 1), createRng(1))
  assert.equal([...bytes], [0x80, 0x3f, 0b1101])
})

sign('gives each block a scale of its own', () => {
  const input = Float32Array.from({ length: 300 }, (_, i) => (i < 128 ? 1000 : i < 256 ? -0.5 : 3))
  close(roundTrip(compressorOf('sign', 300), input), input, 4, 'within 2^-7 of 1000')
  close(roundTrip(compressorOf('sign', 300), input).subarray(128), input.subarray(128), 0)
})

sign('spends two bytes on a block of zeros', () => {
  const input = new Float32Array(1280).fill(1, 128, 256)
  const compressor = compressorOf('sign', 1280)
  assert.is(compressor.encode(input, createRng(1)).length, 10 * 2 + 16)
  assert.is(compressor.maxBytes, 10 * 18)
  close(roundTrip(compressor, input), input, 0)
})

sign('loses ||x||^2 - ||x||_1^2 / n: of normal values 1 - 2/pi', () => {
  const lost = lostShare('sign', normals(128 * 400, 'normal'))
  assert.ok(Math.abs(lost - (1 - 2 / Math.PI)) < 0.01, `${lost}`)
  const alone = new Float32Array(128)
  alone[5] = 1
  assert.ok(Math.abs(lostShare('sign', alone) - 127 / 128) < 1e-4, 'the worst: one value in a block')
})

sign('refuses scales that are negative or not finite, padding, and any other length', () => {
  const decode =
    (...bytes: number[]) =>
    () =>
      compressorOf('sign', 4).decode(Uint8Array.from(bytes), new Float32Array(4))
  decode(0x80, 0x3f, 0b1101)()
  decode(0, 0)()
  for (const bytes of [
    [0x80, 0x7f, 1],
    [0xc0, 0x7f, 1],
    [0x80, 0xbf, 1],
    [0, 0x80, 1],
    [0x80, 0x3f, 0x10]
  ]) {
    assert.throws(decode(...bytes), isMalformed, bytes.join())
  }
  for (const bytes of [[], [0], [0x80, 0x3f], [0, 0, 1], [0x80, 0x3f, 1, 0]]) {
    assert.throws(decode(...bytes), isMalformed, bytes.join())
  }
})

sign.run()
