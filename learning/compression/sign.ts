import { MalformedUpdateError } from '../errors.js'
import { refuseArgument } from '../spec.js'
import { eachTile, kernels, tile } from '../vector-kernels.js'
import { truncateToBfloat16 } from './bfloat16.js'
import type { Compressor, CompressorKind } from './compressor.js'

/** Values that share one scale. Blocks run over the whole vector, across tensors; the last one may be short. */
export const SIGN_BLOCK = 128

const LARGEST_BFLOAT16 = 0x7f7f
const SIGN_BIT = 1 << 31

/**
 * `sign`: one bit a value, and for each block of 128 the mean magnitude: C(x) = mean|x| sign(x), sign(0) being 1.
 *
 * A block of n values loses ||x||^2 - (1 - e^2) ||x||_1^2 / n, with a rounding e below 2^-7 down to a bfloat16: a contraction,
 * strong where magnitudes are alike (0.64 of the squared norm is kept of normal values). Biased: it needs error feedback,
 * or a strategy that sends differences. A block whose mean is below the smallest bfloat16 is coded as zeros, in 2 bytes:
 * inputs that never change, like a border of black pixels, cost next to nothing and get no noise.
 *
 * Wire: for each block a little-endian bfloat16, then, unless it is 0, a bit a value, low bits first, padded with zeros.
 *
 * Step size for CHOCO-SGD: 0.5; the best measured on MNIST are 0.45-0.6, and bare consensus bears any.
 *
 * Source: Karimireddy, Rebjock, Stich, Jaggi, "Error Feedback Fixes SignSGD and other Gradient Compression Schemes", ICML
 * 2019 (scaled sign).
 */
export const sign: CompressorKind = {
  name: 'sign',
  create(argument, { size }): Compressor {
    refuseArgument('sign', argument)
    const maxBytes = 2 * Math.ceil(size / SIGN_BLOCK) + Math.ceil(size / 8)
    return { spec: 'sign', maxBytes, stepSize: 0.5, encode: input => encode(input, maxBytes), decode }
  }
}

function encode(input: Float32Array, maxBytes: number): Uint8Array {
  const bytes = new Uint8Array(maxBytes)
  const whole = input.length - (input.length % SIGN_BLOCK)
  let at = 0
  eachTile(whole, (from, length) => {
    tile.values.load(input, from, length)
    const written = kernels.packSigns(tile.values.address, length / SIGN_BLOCK, tile.bytes.address) - tile.bytes.address
    bytes.set(tile.bytes.bytes.subarray(0, written), at)
    at += written
  })
  if (whole < input.length) at = encodeRest(input.subarray(whole), bytes, at)
  return bytes.slice(0, at)
}

/** Code a block that is not full, changing `bytes` from `at` on. @returns the byte after it */
function encodeRest(input: Float32Array, bytes: Uint8Array, at: number): number {
  let sum = 0
  for (const value of input) sum += Math.abs(value)
  const scale = truncateToBfloat16(sum / input.length)
  bytes[at++] = scale & 0xff
  bytes[at++] = scale >>> 8
  if (scale === 0) return at
  const words = new Uint32Array(input.buffer, input.byteOffset, input.length)
  for (let i = 0; i < input.length; i++) bytes[at + (i >>> 3)] |= ((words[i] >>> 31) ^ 1) << (i & 7)
  return at + Math.ceil(input.length / 8)
}

function decode(bytes: Uint8Array, output: Float32Array): void {
  const words = new Uint32Array(output.buffer, output.byteOffset, output.length)
  let at = 0
  for (let start = 0; start < output.length; start += SIGN_BLOCK) {
    const end = Math.min(start + SIGN_BLOCK, output.length)
    if (at + 2 > bytes.length) throw tooShort(bytes)
    const scale = bytes[at] | (bytes[at + 1] << 8)
    at += 2
    if (scale > LARGEST_BFLOAT16) throw new MalformedUpdateError(`sign: scale at byte ${at - 2} is out of range`)
    if (scale === 0) {
      output.fill(0, start, end)
      continue
    }
    if (at + Math.ceil((end - start) / 8) > bytes.length) throw tooShort(bytes)
    const positive = scale << 16
    let i = start
    for (; i + 8 <= end; i += 8) {
      const packed = ~bytes[at++]
      words[i] = positive | (packed << 31)
      words[i + 1] = positive | ((packed << 30) & SIGN_BIT)
      words[i + 2] = positive | ((packed << 29) & SIGN_BIT)
      words[i + 3] = positive | ((packed << 28) & SIGN_BIT)
      words[i + 4] = positive | ((packed << 27) & SIGN_BIT)
      words[i + 5] = positive | ((packed << 26) & SIGN_BIT)
      words[i + 6] = positive | ((packed << 25) & SIGN_BIT)
      words[i + 7] = positive | ((packed << 24) & SIGN_BIT)
    }
    if (i < end) {
      const packed = ~bytes[at++]
      for (let j = i; j < end; j++) words[j] = positive | ((packed >>> (j - i)) << 31)
    }
    const padding = end & 7
    if (padding !== 0 && bytes[at - 1] >>> padding !== 0) throw new MalformedUpdateError('sign: padding is not zero')
  }
  if (at !== bytes.length) throw new MalformedUpdateError(`sign: message of ${bytes.length} bytes; expected ${at}`)
}

function tooShort(bytes: Uint8Array): MalformedUpdateError {
  return new MalformedUpdateError(`sign: message of ${bytes.length} bytes is cut short`)
}
