import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createCompressor } from '../../learning/compression/create-compressor.js'
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
const largest = (input: Float32Array): number => input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

const promises: [spec: string, promise: CompressorPromise][] = [
  ['random-blocks:0.1', { maxError: magnitudeOf, omega: 1 }],
  ['random-blocks:0.3:7', { maxError: magnitudeOf, omega: 1 }],
  ['random-blocks:1:10', { maxError: () => 0, omega: 0 }],
  [
    'random-blocks:0.25:16+quantize:8',
    { maxError: (input, i) => magnitudeOf(input, i) + largest(input) / 126 + 2 ** -133 }
  ]
]

for (const [spec, promise] of promises) {
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(spec, layout), promise)
  )
}

const randomBlocks = suite('random-blocks')

randomBlocks('sends whole blocks, each equally often, the short one at the end too', () => {
  const compressor = compressorOf('random-blocks:0.4:3', 14)
  const input = new Float32Array(14).fill(1)
  const kept = new Float64Array(14)
  for (let seed = 0; seed < 4000; seed++) {
    const output = new Float32Array(14)
    const bytes = compressor.encode(input, createRng(seed))
    compressor.decode(bytes, output)
    output.forEach((value, i) => {
      kept[i] += value
      assert.is(value, output[i - (i % 3)], `draw ${seed}: index ${i}`)
    })
    assert.is(bytes.length, 4 + 4 * (output[13] === 1 ? 5 : 6), `draw ${seed}`)
  }
  // 4000 draws of chance 2/5 have a deviation of 31.
  kept.forEach((count, i) => assert.ok(Math.abs(count - 1600) < 155, `index ${i} was sent ${count} times`))
})

randomBlocks('loses the share of the squared norm that it does not send, on average', () => {
  const rng = createRng('normal')
  const input = Float32Array.from({ length: 1000 }, () => rng.normal())
  const compressor = compressorOf('random-blocks:0.2:10', 1000)
  let lost = 0
  for (let seed = 0; seed < 100; seed++) {
    const output = new Float32Array(1000)
    compressor.decode(compressor.encode(input, createRng(seed)), output)
    lost += squaredDistance(output, input) / norm(input) ** 2 / 100
  }
  assert.ok(Math.abs(lost - 0.8) < 0.02, `${lost}`)
})

randomBlocks('has defaults, and sends at least a block and at most all', () => {
  const { spec, maxBytes, sparse, stepSize } = compressorOf('random-blocks', 100_000)
  assert.equal([spec, maxBytes, sparse], ['random-blocks:0.01:256+float32', 4 + 4 * 4 * 256, true])
  close([stepSize!], [(4 / 391) ** 1.3], 1e-9)
  const whole = compressorOf('random-blocks:0.01', 200)
  assert.equal([whole.maxBytes, whole.sparse, whole.stepSize], [804, undefined, 1])
})

randomBlocks('refuses messages without a seed, and of values that its blocks do not hold', () => {
  const compressor = compressorOf('random-blocks:0.5:4', 10)
  for (const length of [0, 3, 4, 4 + 4 * 3]) {
    assert.throws(() => compressor.decode(new Uint8Array(length), new Float32Array(10)), isMalformed, `${length} bytes`)
  }
})

randomBlocks('refuses shares outside (0, 1], lengths that are none and what follows', () => {
  const refused: [argument: string, message: string][] = [
    ['0', 'random-blocks:0: expected the share of values to keep, above 0 and at most 1, as in random-blocks:0.01'],
    ['', 'random-blocks:: expected the share of values to keep, above 0 and at most 1, as in random-blocks:0.01'],
    ...['0', '1.5', '', 'x', '65537'].map((length): [string, string] => [
      `0.1:${length}`,
      `random-blocks: blocks of "${length}"; expected a whole number from 1 to 65536, as in random-blocks:0.1:256`
    ]),
    [
      '0.1:2:3',
      'random-blocks:0.1:2:3: expected the share to send and the length of a block, as in random-blocks:0.1:256'
    ]
  ]
  for (const [argument, message] of refused) {
    throwsExactly(() => compressorOf(`random-blocks:${argument}`, 4), InvalidParametersError, message)
  }
})

function isMalformed(error: unknown): boolean {
  return error instanceof MalformedUpdateError
}

randomBlocks.run()
