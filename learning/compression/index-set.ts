import { MalformedUpdateError } from '../errors.js'
import { chooseRice, MAX_PARAMETER, mostRiceBits, readRice, writeRice } from './entropy/golomb-rice.js'
import { rangeDecode, rangeEncode } from './entropy/range-coder.js'

/** First byte of an index set: a bitmap, this much above the Golomb-Rice parameter, or a range coded bitmap and its length. */
const BITMAP = 0
const RICE = 1
const RANGE = RICE + MAX_PARAMETER + 1
const RANGE_HEAD = 1 + 4

/**
 * Range coding costs some 20 ns a position, so it is tried only where it saves this share. Below an eighth, Golomb-Rice is too
 * near the entropy for that; above, it and the bitmap miss by up to 4 %, around densities of 0.21 and 0.38.
 */
const WORTHWHILE = 0.02
const SMALLEST_DENSITY = 1 / 8

/** The most bytes that `encodeIndices` needs for `count` of `size` positions. */
export function mostIndexBytes(count: number, size: number): number {
  return 1 + Math.min(bitmapBytes(size), Math.ceil(mostRiceBits(count, size) / 8))
}

/**
 * Code a set of positions as a bitmap, by Golomb-Rice, or as a range coded bitmap, whichever is smallest. A random set
 * of enough positions takes at most 3 % more than log2 C(n, k) bits at any density from 0.1 % on.
 *
 * @param indices - ascending, below `size`
 */
export function encodeIndices(indices: Uint32Array, size: number): Uint8Array {
  const { parameter, bits } = chooseRice(indices)
  const riceBytes = Math.ceil(bits / 8)
  const smallest = Math.min(riceBytes, bitmapBytes(size))
  if (mayBeSmaller(indices.length / size, size, smallest)) {
    const coded = rangeEncode(unpackedBitmap(indices, size), 1)
    if (RANGE_HEAD + coded.length < 1 + smallest) return rangeForm(coded)
  }
  if (riceBytes < bitmapBytes(size)) {
    const bytes = new Uint8Array(1 + riceBytes)
    bytes[0] = RICE + parameter
    writeRice(indices, parameter, bytes, 1)
    return bytes
  }
  const bytes = new Uint8Array(1 + bitmapBytes(size))
  bytes[0] = BITMAP
  for (const index of indices) bytes[1 + (index >>> 3)] |= 1 << (index & 7)
  return bytes
}

/**
 * Read as many positions as `indices` holds from the start of `bytes`, changing `indices`. They ascend and are below
 * `size`, whatever the bytes are.
 *
 * @returns the byte after them
 * @throws MalformedUpdateError
 */
export function decodeIndices(bytes: Uint8Array, indices: Uint32Array, size: number): number {
  if (bytes.length === 0) throw new MalformedUpdateError('an index set of 0 bytes')
  if (bytes[0] === BITMAP) return readBitmap(bytes, indices, size)
  if (bytes[0] === RANGE) return readRange(bytes, indices, size)
  const parameter = bytes[0] - RICE
  if (parameter > MAX_PARAMETER) throw new MalformedUpdateError(`index set of the unknown form ${bytes[0]}`)
  return readRice(bytes, 1, parameter, indices, size)
}

function bitmapBytes(size: number): number {
  return Math.ceil(size / 8)
}

/** Whether a range coder, which comes near the entropy, can beat other forms by enough. */
function mayBeSmaller(density: number, size: number, bytes: number): boolean {
  if (density < SMALLEST_DENSITY || density === 1) return false
  const entropy = -density * Math.log2(density) - (1 - density) * Math.log2(1 - density)
  return (size * entropy * (1 + WORTHWHILE)) / 8 + RANGE_HEAD < bytes
}

/** A byte a position. */
function unpackedBitmap(indices: Uint32Array, size: number): Uint8Array {
  const symbols = new Uint8Array(size)
  for (const index of indices) symbols[index] = 1
  return symbols
}

function rangeForm(coded: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RANGE_HEAD + coded.length)
  bytes[0] = RANGE
  new DataView(bytes.buffer).setUint32(1, coded.length, true)
  bytes.set(coded, RANGE_HEAD)
  return bytes
}

function readRange(bytes: Uint8Array, indices: Uint32Array, size: number): number {
  if (bytes.length < RANGE_HEAD) throw new MalformedUpdateError(`range code of ${bytes.length} bytes`)
  const end = RANGE_HEAD + new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true)
  if (end > bytes.length) throw new MalformedUpdateError(`range code up to byte ${end} of ${bytes.length}`)
  const symbols = new Uint8Array(size)
  rangeDecode(bytes.subarray(RANGE_HEAD, end), 1, symbols)
  let found = 0
  for (let index = 0; index < size; index++) {
    if (symbols[index] === 0) continue
    if (found < indices.length) indices[found] = index
    found++
  }
  if (found === indices.length) return end
  throw new MalformedUpdateError(`range code of ${found} positions; expected ${indices.length}`)
}

function readBitmap(bytes: Uint8Array, indices: Uint32Array, size: number): number {
  const end = 1 + bitmapBytes(size)
  if (bytes.length < end) throw new MalformedUpdateError(`bitmap of ${bytes.length - 1} bytes; expected ${end - 1}`)
  let found = 0
  for (let at = 1; at < end; at++) {
    for (let bits = bytes[at]; bits !== 0; bits &= bits - 1, found++) {
      const index = 8 * (at - 1) + 31 - Math.clz32(bits & -bits)
      if (index >= size) throw new MalformedUpdateError(`index ${index} of ${size}`)
      if (found < indices.length) indices[found] = index
    }
  }
  if (found === indices.length) return end
  throw new MalformedUpdateError(`bitmap of ${found} positions; expected ${indices.length}`)
}
