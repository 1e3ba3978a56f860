import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompressorKind } from '../../learning/compression/compressor.js'
import { createCompressor, compressorKinds } from '../../learning/compression/create-compressor.js'
import { InvalidParametersError, MalformedUpdateError, UnknownNameError } from '../../learning/errors.js'
import { createLayout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { compressorCompliance, type CompressorPromise } from '../compliance/compressor.js'
import { close } from '../helpers/close.js'

const LARGEST_FLOAT32 = 3.4028234663852886e38

runChecks(
  'float32 compliance',
  compressorCompliance(layout => createCompressor('float32', layout), {
    maxError: () => 0,
    unbiased: true,
    omega: 0
  })
)

runChecks(
  'float16 compliance',
  compressorCompliance(layout => createCompressor('float16', layout), {
    maxError(input, i) {
      const magnitude = Math.abs(input[i])
      return Math.max(magnitude - 65504, Math.min(magnitude, 65504) / 2 ** 11, 2 ** -25)
    },
    omega: 2 ** -21
  })
)

for (const [bits, omega, coding] of [
  [2, 7.1, ''],
  [4, 0.34, ''],
  [8, 0.0011, ''],
  [2, 7.1, ':range'],
  [8, 0.0011, ':range']
] as const) {
  const spec = `quantize:${bits}${coding}`
  const levels = 2 ** (bits - 1) - 1
  const promise: CompressorPromise = {
    maxError(input, i) {
      const block = input.subarray(i - (i % 64), i - (i % 64) + 64)
      const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      // 2^-133: the smallest bfloat16.
      return ((1 + 2 ** -7) * largest) / levels + 2 ** -133
    },
    unbiased: true,
    omega
  }
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(spec, layout), promise)
  )
}

function vectorLayout(length: number) {
  return createLayout([{ name: 'w', shape: [length] }])
}

function decode(spec: string, bytes: number[], length: number): Float32Array {
  const output = new Float32Array(length)
  createCompressor(spec, vectorLayout(length)).decode(Uint8Array.from(bytes), output)
  return output
}

function encode(spec: string, input: number[]): number[] {
  return [...createCompressor(spec, vectorLayout(input.length)).encode(Float32Array.from(input), createRng(1))]
}

const float32 = suite('float32')

float32('is little-endian', () => {
  assert.equal(encode('float32', [1, -2]), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
})

float32('refuses NaN and infinity', () => {
  const message = 'float32: a value is not finite'
  for (const last of [0x7f, 0xff]) {
    for (const fraction of [0x80, 0xc0]) {
      assert.throws(() => decode('float32', [0, 0, 0, 0, 0, 0, fraction, last], 2), isMalformed(message))
    }
  }
})

float32('names both lengths when a message has the wrong one', () => {
  assert.throws(() => decode('float32', [0, 0, 0], 2), isMalformed('float32: message of 3 bytes; expected 8'))
})

float32.run()

const float16 = suite('float16')

/** IEEE 754 by definition: sign, exponent, fraction. */
function halfValue(half: number): number {
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return half >= 0x8000 ? -magnitude : magnitude
}

const finiteHalves = Array.from({ length: 0x10000 }, (_, half) => half).filter(half => (half & 0x7c00) !== 0x7c00)
const asBytes = (halves: number[]): number[] => halves.flatMap(half => [half & 0xff, half >> 8])

float16('decodes every finite half to the value that IEEE 754 gives it, and encodes it back', () => {
  const values = finiteHalves.map(halfValue)
  close(decode('float16', asBytes(finiteHalves), finiteHalves.length), values, 0)
  close(encode('float16', values), asBytes(finiteHalves), 0)
})

float16('rounds what lies between two halves to the nearer one, and a tie to the even one', () => {
  const positive = finiteHalves.filter(half => half < 0x7bff)
  const gaps = positive.map(half => halfValue(half + 1) - halfValue(half))
  const at = (share: number): number[] => positive.map((half, i) => halfValue(half) + share * gaps[i])
  close(encode('float16', at(0.499)), asBytes(positive), 0, 'below the middle')
  close(encode('float16', at(0.501)), asBytes(positive.map(half => half + 1)), 0, 'above the middle')
  close(encode('float16', at(0.5)), asBytes(positive.map(half => half + (half & 1))), 0, 'tie')
})

float16('turns what is too large into 65504 with its sign', () => {
  const bytes = encode('float16', [65504, 65519, 65520, 1e30, -65520, -LARGEST_FLOAT32])
  close(decode('float16', bytes, 6), [65504, 65504, 65504, 65504, -65504, -65504], 0)
})

float16('refuses NaN and infinity', () => {
  const message = 'float16: a value is not finite'
  for (const half of [0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xffff]) {
    assert.throws(() => decode('float16', asBytes([0, half]), 2), isMalformed(message), `${half}`)
  }
})

float16.run()

const quantize = suite('quantize')

quantize('takes 8 bits when none are given', () => {
  assert.is(createCompressor('quantize', vectorLayout(1)).spec, 'quantize:8')
})

quantize('takes two bytes of scale a block and the bits of each value', () => {
  const sizes = [
    [1, 8, 3],
    [64, 8, 66],
    [65, 8, 69],
    [64, 4, 34],
    [65, 4, 37],
    [3, 2, 3],
    [1000, 2, 282]
  ]
  for (const [length, bits, expected] of sizes) {
    const compressor = createCompressor(`quantize:${bits}`, vectorLayout(length))
    const bytes = compressor.encode(new Float32Array(length), createRng(1))
    assert.equal([compressor.maxBytes, bytes.length], [expected, expected], `${length} values at ${bits} bits`)
  }
})

quantize('writes the scale as a little-endian bfloat16 and the codes from the low bits up', () => {
  assert.equal(encode('quantize:4', [7, -7, 0, 3]), [0x80, 0x3f, 0x0e, 0xa7])
  assert.equal(encode('quantize:2', [1, -1, 0, 1, 1]), [0x80, 0x3f, 0b10_01_00_10, 0b10])
  assert.equal(encode('quantize:8', [127, -127, 5]), [0x80, 0x3f, 254, 0, 132])
})

quantize('is exact on whole multiples of a unit that is a bfloat16', () => {
  const input = Array.from({ length: 1000 }, (_, i) => (i % 64 === 0 ? 127 / 1024 : (((i * 37) % 255) - 127) / 1024))
  close(decode('quantize:8', encode('quantize:8', input), 1000), input, 0)
})

quantize('gives each block of 64 a scale of its own', () => {
  const input = Array.from({ length: 130 }, (_, i) => (i < 64 ? 1000 : i < 128 ? 0.001 : 7))
  const output = decode('quantize:4', encode('quantize:4', input), 130)
  output.forEach((value, i) => assert.ok(Math.abs(value / input[i] - 1) < 0.16, `index ${i}: ${value} for ${input[i]}`))
})

quantize('does not clip the largest magnitude of a block', () => {
  const compressor = createCompressor('quantize:4', vectorLayout(2))
  const rng = createRng('largest')
  const output = new Float32Array(2)
  for (let t = 0; t < 50; t++) {
    const largest = 1 + rng.uniform()
    let sum = 0
    for (let draw = 0; draw < 2000; draw++) {
      compressor.decode(compressor.encode(Float32Array.of(largest, -largest), rng), output)
      sum += output[0] - output[1]
    }
    // The unit is at most 2.02 / 7, so the mean of 4000 draws has a deviation of at most 0.0023.
    assert.ok(Math.abs(sum / 4000 - largest) < 0.0115, `${largest} came back as ${sum / 4000}`)
  }
})

quantize('rounds values independently of their neighbours', () => {
  const compressor = createCompressor('quantize:8', vectorLayout(1000))
  const input = new Float32Array(1000).fill(0.5).map((half, i) => (i % 64 === 0 ? 127 : half))
  const output = new Float32Array(1000)
  compressor.decode(compressor.encode(input, createRng(1)), output)
  let up = 0
  let same = 0
  for (let i = 1; i < 1000; i += 64) {
    for (let j = i; j < Math.min(i + 62, 999); j++) {
      up += output[j] - 0.5
      same += output[j] === output[j + 1] ? 1 : 0
    }
  }
  // 968 pairs, half of them equal, with a deviation of 16; the roundings up less down have one of 16 as well.
  assert.ok(Math.abs(same - 484) < 80, `${same} of 968 pairs rounded the same way`)
  assert.ok(Math.abs(up) < 80, `${up} more went up than down`)
})

quantize('refuses scales that are negative, not finite or too large for float32', () => {
  const message = 'quantize:8: scale at byte 0 is out of range'
  for (const scale of [0x7f80, 0x7fc0, 0xff80, 0x8000, 0xbf80, 0x7f7f]) {
    assert.throws(() => decode('quantize:8', [scale & 0xff, scale >> 8, 127], 1), isMalformed(message), `${scale}`)
  }
})

quantize('refuses the code that no value has', () => {
  const cases: [spec: string, codes: number[], message: string][] = [
    ['quantize:8', [127, 255], 'quantize:8: value 1 has the unused code 255'],
    ['quantize:4', [0xf7], 'quantize:4: value 1 has the unused code 15'],
    ['quantize:2', [0b0111], 'quantize:2: value 0 has the unused code 3']
  ]
  for (const [spec, codes, message] of cases) {
    assert.throws(() => decode(spec, [0x80, 0x3f, ...codes], 2), isMalformed(message), spec)
  }
})

quantize('codes by range where that is shorter, and brings back the same', () => {
  const plain = createCompressor('quantize:4', vectorLayout(640))
  const coded = createCompressor('quantize:4:range', vectorLayout(640))
  // One large value a block: nearly all codes are that of 0.
  const peaks = Float32Array.from({ length: 640 }, (_, i) => (i % 64 === 0 ? 7 : 0))
  const bytes = coded.encode(peaks, createRng(1))
  assert.ok(bytes.length < 20 + 60, `${bytes.length} bytes of ${plain.maxBytes}`)
  const output = new Float32Array(640)
  coded.decode(bytes, output)
  close(output, peaks, 0)
  const rng = createRng('any code')
  const spread = Array.from({ length: 64 }, (_, i) => (i === 0 ? 7 : rng.integer(15) - 7))
  assert.equal(encode('quantize:4:range', spread), encode('quantize:4', spread), 'nothing to gain')
})

quantize('refuses any other number of bits', () => {
  for (const argument of ['3', '16', '0', '', 'x', '08', '8 ', '4:4', '4:', '4:range:range']) {
    const message = `quantize:${argument}: expected 2, 4, 8 bits a value, then :range or nothing`
    assert.throws(() => createCompressor(`quantize:${argument}`, vectorLayout(1)), isInvalid(message), argument)
  }
})

quantize.run()

const creation = suite('createCompressor')

creation('makes a compressor again from its own spec', () => {
  for (const { name } of compressorKinds) {
    const { spec } = createCompressor(name, vectorLayout(10))
    assert.is(createCompressor(spec, vectorLayout(10)).spec, spec)
  }
})

creation('names the known ones when a name is unknown', () => {
  assert.throws(
    () => createCompressor('zip:9', vectorLayout(1)),
    (error: unknown) =>
      error instanceof UnknownNameError &&
      error.actual === 'zip' &&
      error.message ===
        'unknown compressor "zip"; expected one of float32, float16, quantize, sign, top-k, random-k, random-blocks, low-rank, ' +
          'adaptive-top-k, adaptive-quantize'
  )
})

creation('refuses an argument for a compressor that takes none', () => {
  for (const [name, argument] of [
    ['float32', '8'],
    ['float16', '']
  ]) {
    const message = `${name}:${argument}: ${name} takes no argument. Write ${name} alone.`
    assert.throws(() => createCompressor(`${name}:${argument}`, vectorLayout(1)), isInvalid(message), name)
  }
})

creation('hands what follows a plus to a kind that composes', () => {
  const firstHalf: CompressorKind = {
    name: 'first-half',
    composes: true,
    create: (argument, layout, inner) => ({
      ...inner!(vectorLayout(layout.size / 2)),
      spec: `first-half:${argument}+${inner!(layout).spec}`
    })
  }
  const kinds = [...compressorKinds, firstHalf]
  const compressor = createCompressor('first-half:0.5+float32', vectorLayout(8), kinds)
  assert.is(compressor.spec, 'first-half:0.5+float32')
  assert.is(compressor.maxBytes, 16)
  assert.throws(
    () => createCompressor('first-half+zip', vectorLayout(8), kinds),
    (error: unknown) => error instanceof UnknownNameError && error.actual === 'zip'
  )
})

creation('refuses a plus behind a compressor that codes its own values', () => {
  const message = 'quantize:8+float32: quantize codes its values itself. Remove "+float32".'
  assert.throws(() => createCompressor('quantize:8+float32', vectorLayout(1)), isInvalid(message))
})

creation.run()

function isMalformed(message: string): (error: unknown) => boolean {
  return error => error instanceof MalformedUpdateError && error.message === message
}

function isInvalid(message: string): (error: unknown) => boolean {
  return error => error instanceof InvalidParametersError && error.message === message
}
