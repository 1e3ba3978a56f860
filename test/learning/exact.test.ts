import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkCompressorSpec, createCompressor } from '../../learning/compression/create-compressor.js'
import { InvalidParametersError, MalformedUpdateError, UnknownNameError } from '../../learning/errors.js'
import { createLayout, type Layout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { compressorCompliance } from '../compliance/compressor.js'
import { close } from '../helpers/close.js'
import { throwsExactly } from '../helpers/throws.js'

/** Some tensors of a convolutional network, 20 parameters and `first` in front of them. */
function network(first = 12): Layout {
  return createLayout([
    { name: 'conv2d/kernel', shape: [first] },
    { name: 'group_normalization/gamma', shape: [3] },
    { name: 'group_normalization/beta', shape: [3] },
    { name: 'output/kernel', shape: [3, 4] },
    { name: 'output/bias', shape: [2] }
  ])
}

const largest = (input: Float32Array): number => input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** The first coordinate is exact, the others are not. */
function split({ size }: Layout): Layout {
  return createLayout([
    { name: 'offset', shape: [1] },
    { name: 'kernel', shape: [Math.max(1, size - 1)] }
  ])
}

for (const spec of ['quantize:8+exact:offset', 'top-k:0.3+quantize:8+exact:offset']) {
  const lossless = (layout: Layout): Layout => (layout.size === 1 ? layout : split(layout))
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(layout.size === 1 ? 'float32' : spec, lossless(layout)), {
      maxError: (input, i) => (i === 0 ? 0 : Math.abs(input[i]) + largest(input) / 126 + 2 ** -133)
    })
  )
}

const exact = suite('+exact')

function roundTrip(spec: string, layout: Layout, input: Float32Array): Float32Array {
  const output = new Float32Array(layout.size).fill(9)
  const compressor = createCompressor(spec, layout)
  compressor.decode(compressor.encode(input, createRng(1)), output)
  return output
}

exact('leaves tensors whose name contains one of the names as they are', () => {
  const layout = network()
  const input = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(1 + i))
  const spec = 'sign+exact:normalization+exact:bias'
  assert.is(createCompressor(spec, layout).spec, spec)
  const output = roundTrip(spec, layout, input)
  const isExact = (i: number): boolean => (i >= 12 && i < 18) || i >= 30
  output.forEach((value, i) => assert.is(value === input[i], isExact(i), `index ${i}: ${value} for ${input[i]}`))
  // 8 exact values; the 24 others share a scale.
  assert.is(createCompressor(spec, layout).maxBytes, 4 * 8 + 2 + 3)
  const others = [...input].filter((_, i) => !isExact(i))
  const scale = others.reduce((sum, value) => sum + Math.abs(value), 0) / others.length
  close(
    [...output].filter((_, i) => !isExact(i)),
    others.map(value => Math.sign(value) * scale),
    scale / 127
  )
})

exact('leaves what a sparse message does not carry as the receiver has it', () => {
  const layout = network(1000)
  const input = new Float32Array(layout.size)
  input[70] = 5
  input[1001] = 3
  const output = roundTrip('top-k:0.001+exact:gamma', layout, input)
  close([...output.subarray(68, 72)], [9, 9, 5, 9], 0)
  close([...output.subarray(999, 1005)], [9, 0, 3, 0, 9, 9], 0)
  assert.is(createCompressor('top-k:0.001+exact:gamma', layout).sparse, true)
})

exact('tells the coordinates of a sparse message with the exact ones, in order', () => {
  const layout = network(1000)
  const input = new Float32Array(layout.size)
  input.set([5, 7], 70)
  input[1006] = -4
  input[1007] = 2
  const compressor = createCompressor('top-k:0.003+exact:gamma+exact:bias', layout)
  const { indices, values } = compressor.decodeKept!(compressor.encode(input, createRng(1)))
  assert.equal([...indices], [70, 71, 1000, 1001, 1002, 1006, 1018, 1019])
  assert.equal([...values], [5, 7, 0, 0, 0, -4, 0, 0])
})

exact('keeps the shapes of the other tensors', () => {
  // 3 x 4 of rank 1: 7 values and 18 exact ones, 2 of them named.
  const { spec, maxBytes } = createCompressor('low-rank:1+exact:bias', network())
  assert.equal([spec, maxBytes], ['low-rank:1+float32+exact:bias', 4 * (7 + 20)])
})

exact('refuses names that no tensor has, none, and all', () => {
  const create = (spec: string) => () => createCompressor(spec, network())
  const known = 'conv2d/kernel, group_normalization/gamma, group_normalization/beta, output/kernel, output/bias'
  const unknown = `unknown tensor "gama"; expected one of ${known}`
  throwsExactly(create('sign+exact:gama'), UnknownNameError, unknown)
  for (const spec of ['sign+exact', 'sign+exact:', 'sign+exact:bias+exact']) {
    const message = `${spec}: expected a part of the names of tensors, as in sign+exact:bias`
    throwsExactly(create(spec), InvalidParametersError, message)
  }
  const all = '+exact:/ names every tensor, so nothing is left to compress. Use float32.'
  throwsExactly(create('sign+exact:/'), InvalidParametersError, all)
})

exact('is checked without a model but for its names', () => {
  checkCompressorSpec('top-k:0.01+quantize:8+exact:bias+exact:gamma')
  assert.throws(() => checkCompressorSpec('top-k:2+exact:bias'), isOf(InvalidParametersError))
  assert.throws(() => checkCompressorSpec('tpo-k+exact:bias'), isOf(UnknownNameError))
  assert.throws(() => checkCompressorSpec('sign+exact'), isOf(InvalidParametersError))
})

exact('refuses messages that end within the exact values, and NaN there', () => {
  const layout = network()
  const compressor = createCompressor('quantize:8+exact:bias', layout)
  const bytes = compressor.encode(new Float32Array(layout.size), createRng(1))
  const decode = (message: Uint8Array) => () => compressor.decode(message, new Float32Array(layout.size))
  decode(bytes)()
  assert.throws(decode(bytes.subarray(0, 7)), isOf(MalformedUpdateError))
  assert.throws(decode(bytes.fill(0xff, 0, 4)), isOf(MalformedUpdateError))
})

function isOf(type: abstract new (...args: never[]) => Error): (error: unknown) => boolean {
  return error => error instanceof type
}

exact.run()
