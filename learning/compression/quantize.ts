import { InvalidParametersError, MalformedUpdateError } from '../errors.js'
import type { Rng } from '../rng.js'
import { addressOf, eachTile, kernels, tile, TILE_LENGTH, type Dequantize, type Quantize } from '../vector-kernels.js'
import { truncateToBfloat16 } from './bfloat16.js'
import { checkLength } from './check-length.js'
import type { Compressor, CompressorKind } from './compressor.js'
import { ownBytes } from './own-bytes.js'
import { rangeCoded } from './range-coded.js'

/** @default 8 */
export const DEFAULT_BITS = 8
/** Values that share one scale. Blocks run over the whole vector, across tensors; the last one may be short. */
export const BLOCK_SIZE = 64

/** Bare consensus by CHOCO-SGD diverges from 0.15 on with 2 bits, and not at 1 with more (measured on a ring of 8). */
const TWO_BIT_STEP = 0.05
const ALLOWED_BITS = [2, 4, 8] as const
/** Random vectors of 16 bytes for a block: 16 bits a value. */
const RANDOM_VECTORS = (2 * BLOCK_SIZE) / 16
const LARGEST_FLOAT32 = 3.4028234663852886e38

/**
 * `quantize:2|4|8`: stochastic rounding to that many bits a value, symmetric around zero, one scale a block of 64.
 *
 * With s = 2^(bits-1) - 1 levels on either side of zero and unit u >= max|x| / s over the block, each x becomes
 * u floor(x / u + r), r uniform in [0, 1). E[decoded] = x, |decoded - x| < u and u <= (1 + 2^-7) max|x| / s + 2^-133,
 * so that E||decoded - x||^2 <= omega ||x||^2 with omega = 0.0011 at 8 bits, 0.34 at 4 and 7.1 at 2 (where max|x| is
 * above 1e-35). A block of zeros stays zeros. Below 1 the omega makes it a contraction; 2 bits is none: multiply by
 * 1 / (1 + omega) before error feedback.
 *
 * - r is (k + 1/2) / 2^16 for a random 16-bit k, and x / u + r is a float32. Rounding is off its probability by at most
 *   2^-15, a bias below 4e-5 units against a spread of up to half a unit: 10^8 messages would have to be averaged to see it.
 * - The unit is a bfloat16 rounded up, so nothing is clipped. It has float32's range, where float16 would lose units
 *   below 6e-5, and costs 2 bytes a block instead of 4 (at 4 bits: 4.25 bits a value, not 4.5) for at most 1.6 % more
 *   variance. Only |x| within 0.8 % of the largest float32 is clipped, for its unit could not be decoded.
 *
 * Wire: a little-endian bfloat16 a block; then floor(...) + s as unsigned codes, low bits first. The code 2^bits - 1 is
 * never sent and is refused. `quantize:4:range` puts the codes through a range coder (`range-coded.ts`).
 *
 * Source: Alistarh, Grubic, Li, Tomioka, Vojnovic, "QSGD: Communication-Efficient SGD via Gradient Quantization and
 * Encoding", NeurIPS 2017 (stochastic rounding, there scaled by the norm of a bucket; here by its largest magnitude).
 */
export const quantize: CompressorKind = {
  name: 'quantize',
  create(argument, { size }) {
    const [digits, coding, ...rest] = (argument ?? String(DEFAULT_BITS)).split(':')
    const bits = ALLOWED_BITS.find(allowed => String(allowed) === digits)
    if (bits === undefined || rest.length > 0 || (coding !== undefined && coding !== 'range')) {
      throw new InvalidParametersError(
        `quantize:${argument}: expected ${ALLOWED_BITS.join(', ')} bits a value, then :range or nothing`
      )
    }
    const plain = new Quantizer(bits, size)
    return coding === undefined ? plain : rangeCoded(plain, bits, size, scaleBytes(size))
  }
}

class Quantizer implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly stepSize: number
  readonly seekable = true
  readonly #bits: number
  readonly #size: number
  /** As a bfloat16: the largest one whose `levels`-fold is still a float32. */
  readonly #largestUnit: number
  /** Where the codes begin. */
  readonly #codesAt: number
  /** Which bits of the last byte hold codes. */
  readonly #lastByte: number
  readonly #quantize: Quantize
  readonly #dequantize: Dequantize
  /** Whether a message, its last block in full, fits into a tile as it is. */
  readonly #fitsTile: boolean

  constructor(bits: 2 | 4 | 8, size: number) {
    this.spec = `quantize:${bits}`
    this.stepSize = bits === 2 ? TWO_BIT_STEP : 1
    this.#bits = bits
    this.#size = size
    this.#largestUnit = truncateToBfloat16(LARGEST_FLOAT32 / (2 ** (bits - 1) - 1))
    this.#codesAt = scaleBytes(size)
    this.maxBytes = this.#codeAt(size)
    this.#lastByte = 0xff >>> ((8 - ((size * bits) % 8)) % 8)
    this.#quantize = kernels[`quantize${bits}`]
    this.#dequantize = kernels[`dequantize${bits}`]
    this.#fitsTile = size <= TILE_LENGTH
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    seedRandomWords(rng)
    if (this.#fitsTile) return this.#encodeTile(input)
    const bytes = new Uint8Array(this.maxBytes)
    eachTile(this.#size, (from, length) => {
      const blocks = Math.ceil(length / BLOCK_SIZE)
      tile.values.load(input, from, length, BLOCK_SIZE)
      kernels.randomWords(tile.state.address, tile.random.address, blocks * RANDOM_VECTORS)
      this.#quantize(
        tile.values.address,
        blocks,
        tile.scales.address,
        tile.bytes.address,
        tile.random.address,
        this.#largestUnit
      )
      bytes.set(tile.scales.bytes.subarray(0, 2 * blocks), this.#scaleAt(from))
      bytes.set(tile.bytes.bytes.subarray(0, this.#codeBytes(length)), this.#codeAt(from))
    })
    bytes[this.maxBytes - 1] &= this.#lastByte
    return bytes
  }

  /** A message that is one tile needs no views of its parts. */
  #encodeTile(input: Float32Array): Uint8Array {
    const blocks = Math.ceil(this.#size / BLOCK_SIZE)
    tile.values.load(input, 0, this.#size, BLOCK_SIZE)
    kernels.randomWords(tile.state.address, tile.random.address, blocks * RANDOM_VECTORS)
    const { address, bytes } = tile.bytes
    this.#quantize(
      tile.values.address,
      blocks,
      address,
      address + this.#codesAt,
      tile.random.address,
      this.#largestUnit
    )
    bytes[this.maxBytes - 1] &= this.#lastByte
    return ownBytes(bytes, this.maxBytes)
  }

  decode(bytes: Uint8Array, output: Float32Array, from = 0): void {
    checkLength(this.spec, bytes, this.maxBytes)
    if (this.#fitsTile) return this.#decodeTile(bytes, output)
    eachTile(output.length, (at, length) => {
      const blocks = Math.ceil(length / BLOCK_SIZE)
      this.#load(bytes, from + at, length, blocks)
      const values = addressOf(output, at) ?? tile.values.address
      const valid = this.#dequantize(tile.scales.address, tile.bytes.address, blocks, values, this.#largestUnit)
      if (valid === 0) throw this.#fault(bytes)
      tile.values.write(output, at, length)
    })
  }

  #decodeTile(bytes: Uint8Array, output: Float32Array): void {
    const blocks = Math.ceil(this.#size / BLOCK_SIZE)
    const coded = tile.bytes
    coded.bytes.set(bytes)
    if (this.#size % BLOCK_SIZE !== 0) {
      coded.bytes[this.maxBytes - 1] &= this.#lastByte
      const end = this.#codeAt(blocks * BLOCK_SIZE)
      for (let at = this.maxBytes; at < end; at++) coded.bytes[at] = 0
    }
    const values = addressOf(output, 0) ?? tile.values.address
    const valid = this.#dequantize(coded.address, coded.address + this.#codesAt, blocks, values, this.#largestUnit)
    if (valid === 0) throw this.#fault(bytes)
    tile.values.write(output, 0, this.#size)
  }

  /** Scales and codes of some values into tiles, with codes that are valid up to the end of the last block. */
  #load(bytes: Uint8Array, from: number, length: number, blocks: number): void {
    const scaleAt = this.#scaleAt(from)
    const codeAt = this.#codeAt(from)
    const codeBytes = this.#codeBytes(length)
    tile.scales.bytes.set(bytes.subarray(scaleAt, scaleAt + 2 * blocks))
    tile.bytes.bytes.set(bytes.subarray(codeAt, codeAt + codeBytes))
    if (length % BLOCK_SIZE === 0) return
    tile.bytes.bytes[codeBytes - 1] &= this.#lastByte
    tile.bytes.bytes.fill(0, codeBytes, this.#codeBytes(blocks * BLOCK_SIZE))
  }

  /** What is wrong with a message that a kernel has refused. */
  #fault(bytes: Uint8Array): MalformedUpdateError {
    for (let at = 0; at < this.#codesAt; at += 2) {
      if ((bytes[at] | (bytes[at + 1] << 8)) <= this.#largestUnit) continue
      return new MalformedUpdateError(`${this.spec}: scale at byte ${at} is out of range`)
    }
    const unused = 2 ** this.#bits - 1
    const codeOf = (i: number): number => {
      const bit = i * this.#bits
      return (bytes[this.#codesAt + (bit >>> 3)] >>> (bit & 7)) & unused
    }
    let i = 0
    while (codeOf(i) !== unused) i++
    return new MalformedUpdateError(`${this.spec}: value ${i} has the unused code ${unused}`)
  }

  #scaleAt(from: number): number {
    return (from / BLOCK_SIZE) * 2
  }

  #codeAt(from: number): number {
    return this.#codesAt + this.#codeBytes(from)
  }

  #codeBytes(length: number): number {
    return Math.ceil((length * this.#bits) / 8)
  }
}

/** State of the generators of `randomWords`. */
const generators = new Uint32Array(tile.state.bytes.buffer, tile.state.address, 16)

/** Have the generators of `randomWords` begin anew. */
function seedRandomWords(rng: Rng): void {
  const words = generators
  for (let i = 0; i < words.length; i++) words[i] = rng.uint32()
  // The all-zero state is the one that a generator never leaves.
  for (let lane = 12; lane < 16; lane++) words[lane] |= 1
}

function scaleBytes(size: number): number {
  return 2 * Math.ceil(size / BLOCK_SIZE)
}
