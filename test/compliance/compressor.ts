import * as assert from 'uvu/assert'
import type { Compressor } from '../../learning/compression/compressor.js'
import { MalformedUpdateError } from '../../learning/errors.js'
import { allFinite, createLayout, squaredDistance, type Layout } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { TILE_LENGTH } from '../../learning/vector-kernels.js'
import { close } from '../helpers/close.js'
import { norm } from '../helpers/norm.js'
import type { Check } from './check.js'

/** What a compressor promises, so that it can be held to it. */
export interface CompressorPromise {
  /** The most by which coordinate `i` of the decoded vector may differ from `input[i]`. */
  maxError(input: Float32Array, i: number): number
  /** E[decode(encode(x))] = x. */
  readonly unbiased?: boolean
  /** In E||decode(encode(x)) - x||^2 <= omega ||x||^2. Below 1 it is a contraction of delta = 1 - omega. */
  readonly omega?: number
}

const LENGTHS = [1, 63, 64, 65, 1000]
const FUZZED_MESSAGES = 4000

/** What every compressor must do. Absent coordinates count as zeros. */
export function compressorCompliance(create: (layout: Layout) => Compressor, promise: CompressorPromise): Check[] {
  const ofLength = (length: number): Compressor => create(createLayout([{ name: 'w', shape: [length] }]))
  const checks: Check[] = [
    {
      name: 'brings every vector back within the promised error, in at most maxBytes',
      run() {
        for (const [label, input] of vectors()) {
          const compressor = ofLength(input.length)
          const bytes = compressor.encode(input, createRng(label))
          assert.ok(bytes.length <= compressor.maxBytes, `${label}: ${bytes.length} bytes of ${compressor.maxBytes}`)
          const output = new Float32Array(input.length)
          compressor.decode(bytes, output)
          output.forEach((value, i) => {
            const error = Math.abs(value - input[i])
            const limit = promise.maxError(input, i)
            const found = `index ${i} is ${value} for ${input[i]}`
            assert.ok(error <= limit, `${label}: ${found}; error ${error}, limit ${limit}`)
          })
        }
      }
    },
    {
      name: 'brings a vector of zeros back as zeros',
      run() {
        for (const length of LENGTHS) {
          close(roundTrip(ofLength(length), new Float32Array(length), createRng(length)), new Float32Array(length), 0)
        }
      }
    },
    {
      name: 'makes the same bytes of the same seed, whatever it coded before',
      run() {
        const compressor = ofLength(1000)
        const input = normals(1000, createRng('input'))
        const first = compressor.encode(input, createRng(1))
        compressor.encode(normals(1000, createRng('another')), createRng(2))
        assert.equal(compressor.encode(input, createRng(1)), first)
        assert.equal(ofLength(1000).encode(input, createRng(1)), first, 'by another instance')
      }
    },
    {
      name: 'encodes a view of a larger vector like a vector of its own',
      run() {
        const compressor = ofLength(65)
        const pool = normals(200, createRng('input'))
        const expected = compressor.encode(pool.slice(7, 72), createRng(1))
        assert.equal(compressor.encode(pool.subarray(7, 72), createRng(1)), expected)
      }
    },
    {
      name: 'tells the coordinates that a message carries, if it leaves some out',
      run() {
        const compressor = ofLength(1000)
        assert.is(compressor.decodeKept !== undefined, compressor.sparse === true)
        if (compressor.decodeKept === undefined) return
        const bytes = compressor.encode(normals(1000, createRng('input')), createRng(1))
        const expected = new Float32Array(1000)
        compressor.decode(bytes, expected)
        const { indices, values } = compressor.decodeKept(bytes)
        const output = new Float32Array(1000)
        indices.forEach((index, k) => (output[index] = values[k]))
        close(output, expected, 0)
        assert.equal(
          [...indices],
          [...new Set(indices)].sort((a, b) => a - b)
        )
      }
    },
    {
      name: 'leaves the input as it is and hands out bytes of its own',
      run() {
        const compressor = ofLength(65)
        const input = normals(65, createRng('input'))
        const before = input.slice()
        const bytes = compressor.encode(input, createRng(1))
        const copy = bytes.slice()
        compressor.encode(normals(65, createRng('another')), createRng(2))
        assert.equal(bytes, copy, 'changed by the next encode')
        bytes.fill(0xff)
        close(input, before, 0)
      }
    },
    {
      name: 'decodes bytes at any alignment, without changing them',
      run() {
        const compressor = ofLength(65)
        const input = normals(65, createRng('input'))
        const bytes = compressor.encode(input, createRng(1))
        const expected = decoded(compressor, bytes, 65)
        for (const offset of [1, 2, 3]) {
          const pool = new Uint8Array(bytes.length + 8).fill(0xff)
          const view = pool.subarray(offset, offset + bytes.length)
          view.set(bytes)
          close(decoded(compressor, view, 65), expected, 0, `offset ${offset}`)
          assert.equal(view, bytes, `offset ${offset}: bytes`)
        }
      }
    },
    {
      name: 'writes the coordinates of the message and no others',
      run() {
        const compressor = ofLength(100)
        const bytes = compressor.encode(normals(100, createRng('input')), createRng(1))
        const low = new Float32Array(104).fill(-12345)
        const high = new Float32Array(104).fill(54321)
        compressor.decode(bytes, low.subarray(2, 102))
        compressor.decode(bytes, high.subarray(2, 102))
        low.forEach((value, i) => {
          const outside = i < 2 || i >= 102
          const untouched = value === -12345 && high[i] === 54321
          assert.ok(untouched || (!outside && value === high[i]), `index ${i - 2}: ${value} and ${high[i]}`)
        })
      }
    },
    {
      name: 'answers hostile bytes with MalformedUpdateError or a finite vector',
      run() {
        const rng = createRng('hostile')
        let refused = 0
        for (let i = 0; i < FUZZED_MESSAGES; i++) {
          const length = LENGTHS[i % 4]
          const compressor = ofLength(length)
          const bytes = hostile(compressor.encode(normals(length, rng), rng), compressor.maxBytes, rng)
          const output = new Float32Array(length)
          try {
            compressor.decode(bytes, output)
          } catch (error) {
            assert.instance(error, MalformedUpdateError, `message ${i}: ${String(error)}`)
            refused++
            continue
          }
          assert.ok(allFinite(output), `message ${i}: decoded to a value that is not finite`)
        }
        assert.ok(refused > 0, 'no message was refused')
      }
    },
    {
      name: 'decodes from the middle, if it can, as from the beginning',
      run() {
        const length = 2 * TILE_LENGTH + 65
        const compressor = ofLength(length)
        if (compressor.seekable === undefined) return
        const bytes = compressor.encode(normals(length, createRng('input')), createRng(1))
        const whole = decoded(compressor, bytes, length)
        for (const from of [0, TILE_LENGTH, 2 * TILE_LENGTH]) {
          const part = new Float32Array(Math.min(TILE_LENGTH, length - from))
          compressor.decode(bytes, part, from)
          close(part, whole.subarray(from, from + part.length), 0, `from ${from}`)
        }
      }
    },
    {
      name: 'refuses a message that is longer than maxBytes',
      run() {
        for (const length of LENGTHS) {
          const compressor = ofLength(length)
          const bytes = new Uint8Array(compressor.maxBytes + 1)
          bytes.set(compressor.encode(normals(length, createRng(length)), createRng(1)))
          assert.throws(() => decoded(compressor, bytes, length), isMalformed, `length ${length}`)
        }
      }
    }
  ]
  if (promise.unbiased === true) checks.push(unbiasedCheck(ofLength))
  if (promise.omega !== undefined) checks.push(lossCheck(ofLength, promise.omega))
  return checks
}

function unbiasedCheck(ofLength: (length: number) => Compressor): Check {
  return {
    name: 'is right on average',
    run() {
      const draws = 400
      const compressor = ofLength(1000)
      const input = normals(1000, createRng('input'))
      const rng = createRng('draws')
      const sum = new Float64Array(1000)
      const squares = new Float64Array(1000)
      for (let t = 0; t < draws; t++) {
        roundTrip(compressor, input, rng).forEach((value, i) => {
          sum[i] += value - input[i]
          squares[i] += (value - input[i]) ** 2
        })
      }
      // Without bias ||mean error||^2 is the summed variance / draws, give or take 5 % for 1000 coordinates.
      let found = 0
      let expected = 0
      for (let i = 0; i < 1000; i++) {
        const mean = sum[i] / draws
        found += mean ** 2
        expected += (squares[i] / draws - mean ** 2) / draws
      }
      assert.ok(found <= 1.3 * expected + 1e-12, `||mean error||^2 is ${found}; chance alone gives ${expected}`)
    }
  }
}

function lossCheck(ofLength: (length: number) => Compressor, omega: number): Check {
  return {
    name: `loses at most ${omega.toPrecision(3)} of the squared norm`,
    run() {
      const draws = 50
      for (const [label, input] of vectors()) {
        if (!label.startsWith('normal') && !label.startsWith('uneven')) continue
        const compressor = ofLength(input.length)
        const rng = createRng(label)
        let lost = 0
        for (let t = 0; t < draws; t++) lost += squaredDistance(roundTrip(compressor, input, rng), input) / draws
        const share = lost / norm(input) ** 2
        assert.ok(share <= omega, `${label}: lost ${share}, promised at most ${omega}`)
      }
    }
  }
}

/** Inputs of every length and of the kinds that break compressors. */
function* vectors(): Generator<[label: string, input: Float32Array]> {
  for (const length of LENGTHS) {
    const normal = normals(length, createRng(length))
    yield [`normal, length ${length}`, normal]
    yield [`huge, length ${length}`, normal.map(value => value * 1e37)]
    yield [`tiny, length ${length}`, normal.map(value => value * 1e-40)]
    yield [`the largest floats, length ${length}`, normal.map(value => Math.sign(value) * 3.4028234663852886e38)]
    yield [`uneven, length ${length}`, normal.map((value, i) => (i % 64 === 0 ? 1 : value * 1e-3))]
    yield [`one value, length ${length}`, new Float32Array(length).fill(1.2345, length - 1)]
  }
}

function normals(length: number, rng: Rng): Float32Array {
  return Float32Array.from({ length }, () => rng.normal())
}

/** One of: cut short, made longer, some bytes changed (to extremes or at random), all bytes random. */
function hostile(valid: Uint8Array, maxBytes: number, rng: Rng): Uint8Array {
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => rng.integer(256))
  switch (rng.integer(5)) {
    case 0:
      return valid.slice(0, rng.integer(valid.length))
    case 1:
      return Uint8Array.from([...valid, ...random(1 + rng.integer(8))])
    case 2:
      return random(rng.integer(2) === 0 ? valid.length : rng.integer(maxBytes + 1))
    default: {
      const changed = valid.slice()
      const extremes = [0x00, 0x7f, 0x80, 0xff, rng.integer(256)]
      const from = rng.integer(changed.length)
      return changed.fill(extremes[rng.integer(extremes.length)], from, from + 1 + rng.integer(8))
    }
  }
}

function decoded(compressor: Compressor, bytes: Uint8Array, length: number): Float32Array {
  const output = new Float32Array(length)
  compressor.decode(bytes, output)
  return output
}

function roundTrip(compressor: Compressor, input: Float32Array, rng: Rng): Float32Array {
  return decoded(compressor, compressor.encode(input, rng), input.length)
}

function isMalformed(error: unknown): boolean {
  return error instanceof MalformedUpdateError
}
