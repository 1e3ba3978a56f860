import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Compressor } from '../../learning/compression/compressor.js'
import { checkBudget } from '../../learning/compression/adaptive.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { squaredDistance } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { compressorCompliance } from '../compliance/compressor.js'
import { compressorOf } from '../helpers/machine.js'
import { norm } from '../helpers/norm.js'
import { throwsExactly } from '../helpers/throws.js'

const HALF_LIMIT = 65_504
const largest = (input: Float32Array): number => input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
const normals = Float32Array.from(
  { length: 20_000 },
  (
    (rng = createRng('normals')) =>
    () =>
      rng.normal()
  )()
)

for (const spec of ['adaptive-top-k', 'adaptive-top-k:1KB/round']) {
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(spec, layout), {
      // A value that is kept becomes, at worst, the mean of others.
      maxError: (input, i) => Math.abs(input[i]) + 1.01 * largest(input) + 2 ** -132,
      omega: 1
    })
  )
}

runChecks(
  'adaptive-quantize compliance',
  compressorCompliance(layout => within('adaptive-quantize:1KB/round', 600, createCompressor, layout), {
    maxError: (input, i) => Math.max(largest(input) / 6, Math.abs(input[i]) - HALF_LIMIT) + 2 ** -24
  })
)

function within<L>(spec: string, bytes: number, create: (spec: string, layout: L) => Compressor, of: L): Compressor {
  return create(spec, of).adaptive!.within(bytes)
}

const adaptive = suite('adaptive compressors')

adaptive('make sparse messages about as long as allowed, and any of them decodes any', () => {
  const any = compressorOf('adaptive-top-k:1KB/round', normals.length)
  let lost = 1
  for (const bytes of [200, 500, 1000, any.maxBytes]) {
    const message = within('adaptive-top-k:1KB/round', bytes, compressorOf, normals.length).encode(
      normals,
      createRng(1)
    )
    assert.ok(message.length > 0.9 * bytes && message.length < 1.05 * bytes, `${message.length} bytes for ${bytes}`)
    const output = new Float32Array(normals.length)
    any.decode(message, output)
    const share = squaredDistance(output, normals) / norm(normals) ** 2
    assert.ok(share < lost, `${share} lost with ${bytes} bytes, ${lost} with fewer`)
    lost = share
  }
})

adaptive('hold without a budget as many values as they are told, and any of them decodes any', () => {
  const input = Float32Array.from({ length: 200_000 }, (_, i) => normals[i % normals.length] + i / 1e6)
  const usual = compressorOf('adaptive-top-k', input.length)
  const valuesOf = (encoder: Compressor): number =>
    usual.decodeKept!(encoder.encode(input, createRng(1))).indices.length
  assert.ok(Math.abs(valuesOf(usual) / 2000 - 1) < 0.01, 'a hundredth unless told otherwise')
  for (const [factor, values] of [
    [0.5, 1000],
    [3, 6000],
    [10, 20_000],
    [1000, 20_000],
    [0, 64]
  ]) {
    const held = valuesOf(usual.scaled!(factor))
    assert.ok(Math.abs(held / values - 1) < 0.01, `${held} values at ${factor} times as many as usual`)
  }
})

adaptive('hold all values of a small model, for a bit each and no indices', () => {
  const input = normals.subarray(0, 800)
  const message = compressorOf('adaptive-top-k', input.length).encode(input, createRng(1))
  const signs = compressorOf('sign', input.length).encode(input, createRng(1))
  assert.ok(message.length <= signs.length + 5, `${message.length} bytes; sign takes ${signs.length}`)
})

adaptive('never go below the smallest message', () => {
  for (const spec of ['adaptive-top-k:1KB/round', 'adaptive-quantize:1MB/round']) {
    const { leastBytes } = compressorOf(spec, normals.length).adaptive!
    const least = within(spec, leastBytes, compressorOf, normals.length).encode(normals, createRng(1))
    assert.ok(Math.abs(least.length / leastBytes - 1) < 0.1, `${spec}: ${least.length} bytes, told ${leastBytes}`)
  }
})

adaptive('take a bit for values that are alike, and more for those that are not', () => {
  const encode = (input: Float32Array): number =>
    within('adaptive-top-k:1KB/round', 300, compressorOf, input.length).encode(input, createRng(1))[0]
  const alike = normals.map(value => Math.sign(value))
  const uneven = normals.map((value, i) => (i % 80 === 0 ? Math.sign(value) * 10 ** (4 * ((i / 80 / 250) % 1)) : 0))
  assert.equal([encode(alike), encode(uneven)], [0, 2])
})

adaptive('make dense messages as long as allowed on average', () => {
  const compressor = within('adaptive-quantize:1MB/round', 15_000, compressorOf, normals.length)
  const rng = createRng('messages')
  let bytes = 0
  for (let i = 0; i < 300; i++) bytes += compressor.encode(normals, rng.fork(i)).length / 300
  assert.ok(Math.abs(bytes / 15_000 - 1) < 0.05, `${bytes} bytes`)
})

adaptive('refuse what is said beside a budget, and a budget that is too small', () => {
  throwsExactly(
    () => compressorOf('adaptive-top-k:1KB/round+exact:w', 1000),
    InvalidParametersError,
    'adaptive-top-k:1KB/round+exact:w: what adapts its messages decides by itself what is in them. Remove "+exact:w".'
  )
  throwsExactly(
    () => compressorOf('adaptive-top-k+exact:w', 1000),
    InvalidParametersError,
    'adaptive-top-k+exact:w: what adapts its messages decides by itself what is in them. Remove "+exact:w".'
  )
  const compressor = compressorOf('adaptive-quantize:1KB/round', 1000)
  checkBudget(compressor, 1)
  throwsExactly(
    () => checkBudget(compressor, 2),
    InvalidParametersError,
    'budget 1KB/round: the smallest message takes 533 bytes, and 1066 to 2 neighbours. Raise the budget, or lower the ' +
      'number of neighbours (--topology ring); anti-entropy has the smallest messages.'
  )
})

adaptive.run()
