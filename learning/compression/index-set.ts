import { MalformedUpdateError } from '../errors.js'
import { chooseRice, MAX_PARAMETER, mostRiceBits, readRice, writeRice } from './entropy/golomb-rice.js'

/** First byte of an index set: a bitmap, or this much above the Golomb-Rice parameter. */
const BITMAP = 0
const RICE = 1

/** The most bytes that `encodeIndices` needs for `count` of `size` positions. */
export function mostIndexBytes(count: number, size: number): number {
  return 1 + Math.min(bitmapBytes(size), Math.ceil(mostRiceBits(count, size) / 8))
}

/**
 * Code a set of positions as a bitmap or by Golomb-Rice, whichever is smaller.
 *
 * @param indices - ascending, below `size`
 */
export function encodeIndices(indices: Uint32Array, size: number): Uint8Array {
  const { parameter, bits } = chooseRice(indices)
  const riceBytes = Math.ceil(bits / 8)
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
  const parameter = bytes[0] - RICE
  if (parameter > MAX_PARAMETER) throw new MalformedUpdateError(`index set of the unknown form ${bytes[0]}`)
  return readRice(bytes, 1, parameter, indices, size)
}

function bitmapBytes(size: number): number {
  return Math.ceil(size / 8)
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
