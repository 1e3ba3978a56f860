import { InvalidParametersError, MalformedUpdateError } from '../errors.js'
import type { Rng } from '../rng.js'
import { fromBfloat16, truncateToBfloat16 } from './bfloat16.js'
import { checkLength } from './check-length.js'
import type { Compressor, CompressorKind } from './compressor.js'
import { rangeCoded } from './range-coded.js'

/** @default 8 */
export const DEFAULT_BITS = 8
/** Values that share one scale. Blocks run over the whole vector, across tensors; the last one may be short. */
export const BLOCK_SIZE = 64

/** Bare consensus by CHOCO-SGD diverges from 0.15 on with 2 bits, and not at 1 with more (measured on a ring of 8). */
const TWO_BIT_STEP = 0.05
const ALLOWED_BITS = [2, 4, 8]
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
 * - r is (k + 1/2) / 2^16 for a random 16-bit k, two of them a draw. Rounding is off its probability by at most 2^-17,
 *   a bias below 1e-5 units against a spread of up to half a unit: 10^9 messages would have to be averaged to see it.
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
  readonly #bits: number
  readonly #size: number
  /** The largest whole multiple of the unit. */
  readonly #levels: number
  /** As a bfloat16: the largest one whose `levels`-fold is still a float32. */
  readonly #largestUnit: number
  /** Where the codes begin. */
  readonly #codesAt: number

  constructor(bits: number, size: number) {
    this.spec = `quantize:${bits}`
    this.stepSize = bits === 2 ? TWO_BIT_STEP : 1
    this.#bits = bits
    this.#size = size
    this.#levels = 2 ** (bits - 1) - 1
    this.#largestUnit = truncateToBfloat16(LARGEST_FLOAT32 / this.#levels)
    this.#codesAt = scaleBytes(size)
    this.maxBytes = this.#codesAt + Math.ceil((size * bits) / 8)
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    const bytes = new Uint8Array(this.maxBytes)
    const view = new DataView(bytes.buffer)
    const bits = this.#bits
    const levels = this.#levels
    const codesAt = this.#codesAt
    const indexShift = Math.log2(8 / bits)
    const indexMask = 8 / bits - 1
    let random = 0
    for (let start = 0, scaleAt = 0; start < this.#size; start += BLOCK_SIZE, scaleAt += 2) {
      const end = Math.min(start + BLOCK_SIZE, this.#size)
      const unit = this.#unitOf(input, start, end)
      view.setUint16(scaleAt, unit, true)
      const perUnit = unit === 0 ? 0 : 1 / fromBfloat16(unit)
      for (let i = start; i < end; i++) {
        random = (i & 1) === 0 ? rng.uint32() : random >>> 16
        const rounded = Math.floor(input[i] * perUnit + ((random & 0xffff) + 0.5) / 0x10000)
        const code = Math.min(Math.max(rounded + levels, 0), 2 * levels)
        bytes[codesAt + (i >>> indexShift)] |= code << ((i & indexMask) * bits)
      }
    }
    return bytes
  }

  decode(bytes: Uint8Array, output: Float32Array): void {
    checkLength(this.spec, bytes, this.maxBytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, this.maxBytes)
    const bits = this.#bits
    const levels = this.#levels
    const codesAt = this.#codesAt
    const indexShift = Math.log2(8 / bits)
    const indexMask = 8 / bits - 1
    const unused = 2 ** bits - 1
    for (let start = 0, scaleAt = 0; start < this.#size; start += BLOCK_SIZE, scaleAt += 2) {
      const end = Math.min(start + BLOCK_SIZE, this.#size)
      const scale = view.getUint16(scaleAt, true)
      // As whole numbers, NaN, infinity and everything negative are above the largest unit too.
      if (scale > this.#largestUnit) {
        throw new MalformedUpdateError(`${this.spec}: scale at byte ${scaleAt} is out of range`)
      }
      const unit = fromBfloat16(scale)
      for (let i = start; i < end; i++) {
        const code = (bytes[codesAt + (i >>> indexShift)] >>> ((i & indexMask) * bits)) & unused
        if (code === unused) throw new MalformedUpdateError(`${this.spec}: value ${i} has the unused code ${code}`)
        output[i] = (code - levels) * unit
      }
    }
  }

  /** The smallest bfloat16 whose `levels`-fold reaches every magnitude of the block. */
  #unitOf(input: Float32Array, start: number, end: number): number {
    let largest = 0
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(input[i]))
    const below = truncateToBfloat16(largest / this.#levels)
    const unit = fromBfloat16(below) * this.#levels < largest ? below + 1 : below
    return Math.min(unit, this.#largestUnit)
  }
}

function scaleBytes(size: number): number {
  return 2 * Math.ceil(size / BLOCK_SIZE)
}
