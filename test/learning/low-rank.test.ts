import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { InvalidParametersError, MalformedUpdateError } from '../../learning/errors.js'
import { createLayout, squaredDistance, type Layout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { compressorCompliance, type CompressorPromise } from '../compliance/compressor.js'
import { close } from '../helpers/close.js'
import { norm } from '../helpers/norm.js'
import { throwsExactly } from '../helpers/throws.js'

/** A matrix of some 7 columns and, behind it, what is left as a vector. */
function matrixLayout({ size }: Layout): Layout {
  const rows = Math.floor(size / 8)
  return createLayout([
    { name: 'matrix', shape: [rows, 7] },
    { name: 'bias', shape: [size - 7 * rows] }
  ])
}

/** Of a projection no coordinate is further off than the whole matrix is long. */
function projectionPromise(share: number): CompressorPromise {
  return {
    maxError(input, i) {
      const matrixSize = 7 * Math.floor(input.length / 8)
      return i < matrixSize ? share * (1 + 1e-6) * norm(input.subarray(0, matrixSize)) : 0
    },
    omega: 1
  }
}

for (const [spec, promise] of [
  ['low-rank:1', projectionPromise(1)],
  ['low-rank:3', projectionPromise(1)],
  ['low-rank:2+quantize:8', { ...projectionPromise(1.1), omega: 1.1 }],
  ['low-rank:7', { maxError: () => 0, omega: 0 }]
] as const) {
  runChecks(
    `${spec} compliance`,
    compressorCompliance(layout => createCompressor(spec, matrixLayout(layout)), promise)
  )
}

const lowRank = suite('low-rank')

function matrix(rows: number, columns: number, ...others: { name: string; shape: number[] }[]): Layout {
  return createLayout([{ name: 'w', shape: [rows, columns] }, ...others])
}

/** The sum of `rank` products of random vectors. */
function randomMatrix(rows: number, columns: number, rank: number): Float32Array {
  const rng = createRng(`${rows} ${columns} ${rank}`)
  const values = new Float32Array(rows * columns)
  for (let r = 0; r < rank; r++) {
    const left = Float64Array.from({ length: rows }, () => rng.normal())
    const right = Float64Array.from({ length: columns }, () => rng.normal())
    values.forEach((_, i) => (values[i] += left[Math.floor(i / columns)] * right[i % columns]))
  }
  return values
}

function lostShare(spec: string, layout: Layout, input: Float32Array, seed = 1): number {
  const compressor = createCompressor(spec, layout)
  const output = new Float32Array(layout.size)
  compressor.decode(compressor.encode(input, createRng(seed)), output)
  return squaredDistance(output, input) / norm(input) ** 2
}

lowRank('brings a matrix of that rank, or of less, back as it is', () => {
  for (const rank of [1, 2, 3]) {
    const lost = lostShare('low-rank:3', matrix(40, 30), randomMatrix(40, 30, rank))
    assert.ok(lost < 1e-12, `rank ${rank}: lost ${lost}`)
  }
})

lowRank('finds the largest directions: loses what the others hold, and a little', () => {
  // Singular values 1, 1/10, 1/100, ...: of the squares, all beyond the first R hold 100^-R.
  const input = new Float32Array(40 * 30)
  for (let i = 0; i < 8; i++) input[31 * i] = 0.1 ** i
  for (const rank of [1, 2, 3]) {
    const lost = lostShare(`low-rank:${rank}`, matrix(40, 30), input)
    assert.ok(lost > 0.99 * 100 ** -rank && lost < 1.1 * 100 ** -rank, `rank ${rank}: ${lost}`)
  }
})

lowRank('sends R (rows + columns) values a matrix and vectors exactly', () => {
  const layout = matrix(20, 30, { name: 'b', shape: [30] }, { name: 'k', shape: [3, 3, 4, 8] })
  const compressor = createCompressor('low-rank:2', layout)
  assert.is(compressor.maxBytes, 4 * (2 * (20 + 30) + 30 + 2 * (36 + 8)))
  const input = Float32Array.from({ length: layout.size }, (_, i) => Math.sin(i))
  const output = new Float32Array(layout.size)
  const bytes = compressor.encode(input, createRng(1))
  assert.is(bytes.length, compressor.maxBytes)
  compressor.decode(bytes, output)
  close(output.subarray(600, 630), input.subarray(600, 630), 0, 'bias')
  assert.is(createCompressor('low-rank:2+quantize:8', layout).maxBytes, 4 * 30 + 188 + 2 * 3)
})

lowRank('sends what has no smaller factors exactly: small matrices, one column, no matrix at all', () => {
  for (const shape of [[4, 4], [3, 3, 16, 1], [100], []]) {
    const layout = createLayout([{ name: 'w', shape }])
    const { maxBytes } = createCompressor('low-rank:2+quantize:4', layout)
    assert.is(maxBytes, 4 * layout.size, `[${shape.join()}]`)
    const input = Float32Array.from({ length: layout.size }, (_, i) => i + 0.1)
    assert.is(lostShare('low-rank:2+quantize:4', layout, input), 0, `[${shape.join()}]`)
  }
})

lowRank('scales the factors alike, so that neither leaves the range of float32', () => {
  const layout = matrix(50, 40)
  const input = randomMatrix(50, 40, 1)
  for (const scale of [1e-38, 1, 1e37]) {
    const scaled = input.map(value => value * scale)
    const lost = lostShare('low-rank:2', layout, scaled)
    assert.ok(lost < 1e-9, `${scale}: lost ${lost}`)
  }
})

lowRank('makes the largest float of products beyond it, and refuses factors that are not finite', () => {
  const compressor = createCompressor('low-rank:1', matrix(3, 3))
  const output = new Float32Array(9)
  const factors = new Float32Array(6).fill(-1e30)
  compressor.decode(new Uint8Array(factors.buffer), output)
  close(output, new Float32Array(9).fill(3.4028234663852886e38), 0)
  factors[4] = NaN
  assert.throws(() => compressor.decode(new Uint8Array(factors.buffer), output), isMalformed)
})

lowRank('advises a step by the matrix of which the smallest share is sent', () => {
  const layout = matrix(20, 20, { name: 'v', shape: [10, 100] }, { name: 'b', shape: [100] })
  const step = (spec: string): number => createCompressor(spec, layout).stepSize!
  close([step('low-rank:1'), step('low-rank:9'), step('low-rank:50')], [0.1, 0.9, 1], 1e-9)
  close([step('low-rank:1+quantize:2')], [0.005], 1e-9)
})

lowRank('refuses ranks that are no whole numbers from 1 on', () => {
  for (const argument of ['0', '-1', '1.5', 'x', '', ' ', 'Infinity']) {
    const message = `low-rank:${argument}: expected the rank, a whole number from 1 on, as in low-rank:4`
    throwsExactly(() => createCompressor(`low-rank:${argument}`, matrix(3, 3)), InvalidParametersError, message)
  }
  assert.is(createCompressor('low-rank', matrix(30, 30)).spec, 'low-rank:4+float32')
})

function isMalformed(error: unknown): boolean {
  return error instanceof MalformedUpdateError
}

lowRank.run()
