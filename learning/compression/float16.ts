import { MalformedUpdateError } from '../errors.js'
import { refuseArgument } from '../spec.js'
import { checkLength } from './check-length.js'
import type { CompressorKind } from './compressor.js'

// A float32 bit pattern without its sign grows with the magnitude, so ranges are compared as whole numbers.
const LARGEST_HALF = 0x477fe000 // 65504
const SMALLEST_NORMAL_HALF = 0x38800000 // 2^-14
const EXPONENT_SHIFT = 0x38000000 // the biases differ by 127 - 15 = 112, above 23 bits of fraction

/**
 * IEEE 754 half precision: 2 little-endian bytes a value, rounded to the nearest, ties to even.
 *
 * |decoded - x| <= max(2^-11 |x|, 2^-25) for |x| <= 65504; larger values become 65504 with their sign. Biased (rounding
 * is deterministic), though no more than that.
 */
export const float16: CompressorKind = {
  name: 'float16',
  create(argument, { size }) {
    refuseArgument('float16', argument)
    const maxBytes = 2 * size
    return {
      spec: 'float16',
      maxBytes,
      encode(input) {
        const words = new Uint32Array(input.buffer, input.byteOffset, size)
        const bytes = new Uint8Array(maxBytes)
        const view = new DataView(bytes.buffer)
        for (let i = 0; i < size; i++) view.setUint16(2 * i, toHalf(input[i], words[i]), true)
        return bytes
      },
      decode(bytes, output) {
        checkLength('float16', bytes, maxBytes)
        const view = new DataView(bytes.buffer, bytes.byteOffset, maxBytes)
        const words = new Uint32Array(output.buffer, output.byteOffset, size)
        for (let i = 0; i < size; i++) {
          const half = view.getUint16(2 * i, true)
          if ((half & 0x7c00) === 0x7c00) throw new MalformedUpdateError('float16: a value is not finite')
          // The half's bits read as a float32 are 2^112 too small, subnormal ones too; the product is exact.
          words[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13)
          output[i] *= 2 ** 112
        }
      }
    }
  }
}

/** @param word - the bits of `value` as a float32 */
function toHalf(value: number, word: number): number {
  const sign = (word >>> 16) & 0x8000
  const magnitude = word & 0x7fffffff
  if (magnitude > LARGEST_HALF) return sign | 0x7bff
  // Adding and removing 2^52 rounds a double to a whole number, ties to even; a subnormal half counts in 2^-24.
  if (magnitude < SMALLEST_NORMAL_HALF) return sign | (Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52)
  const tieToEven = 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((magnitude - EXPONENT_SHIFT + tieToEven) >>> 13)
}
