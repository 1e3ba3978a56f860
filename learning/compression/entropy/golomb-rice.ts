import { MalformedUpdateError } from '../../errors.js'
import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'

/** More low bits would not fit a `BitWriter`, and gaps of 2^24 cost little more for it. */
export const MAX_PARAMETER = 24

/** A parameter and how many bits the code takes with it. */
export interface RiceChoice {
  readonly parameter: number
  readonly bits: number
}

/**
 * The Golomb-Rice parameter b that codes an ascending set in the fewest bits, k (b + 1) + sum of floor(gap / 2^b).
 *
 * The sum is convex in b, so the first b after which it grows is the best. For a random set the code is then within
 * 2.5 % of log2 C(n, k) bits at densities of 0.1-10 %.
 *
 * Source: Golomb, "Run-Length Encodings", IEEE Trans. Inf. Theory 12, 1966; Rice, "Some Practical Universal Noiseless
 * Coding Techniques", JPL 79-22, 1979 (the parameters that are powers of two).
 */
export function chooseRice(indices: Uint32Array): RiceChoice {
  return smallest(parameter => {
    let quotients = 0
    for (let i = 0, next = 0; i < indices.length; next = indices[i++] + 1)
      quotients += (indices[i] - next) >>> parameter
    return indices.length * (parameter + 1) + quotients
  })
}

/**
 * The most bits that `chooseRice` can need for `count` of `size` positions. Reached when only one gap is not 0: no other
 * set loses less in rounding gap / 2^b down, whatever b.
 */
export function mostRiceBits(count: number, size: number): number {
  return smallest(parameter => count * (parameter + 1) + ((size - count) >>> parameter)).bits
}

function smallest(bitsOf: (parameter: number) => number): RiceChoice {
  let best: RiceChoice = { parameter: 0, bits: bitsOf(0) }
  while (best.parameter < MAX_PARAMETER) {
    const bits = bitsOf(best.parameter + 1)
    if (bits >= best.bits) break
    best = { parameter: best.parameter + 1, bits }
  }
  return best
}

/**
 * Write ascending indices as gaps, into `bytes` from byte `at`, changing it: gap >> parameter in unary, then the low bits.
 *
 * @returns the byte after them
 */
export function writeRice(indices: Uint32Array, parameter: number, bytes: Uint8Array, at: number): number {
  const writer = new BitWriter(bytes, at)
  const low = (1 << parameter) - 1
  for (let i = 0, next = 0; i < indices.length; next = indices[i++] + 1) {
    const gap = indices[i] - next
    writer.writeUnary(gap >>> parameter)
    writer.write(gap & low, parameter)
  }
  return writer.end()
}

/**
 * Read as many indices as `indices` holds, changing it.
 *
 * @param size - every index is below it; hostile bytes cannot make it otherwise
 * @returns the byte after them
 * @throws MalformedUpdateError
 */
export function readRice(bytes: Uint8Array, at: number, parameter: number, indices: Uint32Array, size: number): number {
  const reader = new BitReader(bytes, at)
  for (let i = 0, next = 0; i < indices.length; next = indices[i++] + 1) {
    const quotient = reader.readUnary((size - next) >>> parameter)
    const index = next + quotient * 2 ** parameter + reader.read(parameter)
    if (index >= size) throw new MalformedUpdateError(`index ${index} of ${size}`)
    indices[i] = index
  }
  return reader.end()
}
