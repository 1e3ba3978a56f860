import type { Update } from '../learning/averaging/averaging.js'
import { chunkBytes } from '../protocols/framing.js'
import { encodeHeader } from '../protocols/update-codec.js'

/**
 * How many bytes an update takes on a stream, by the codec of a device: header, payload and the length before each frame.
 * The payload itself is not read: no checksum is computed for it, and any but 0 has the same length.
 *
 * Not counted, where a device counts them: encryption (noise), multiplexing (yamux), handshakes, membership, pings. Together
 * they are below 1 % of updates of 100 kB, and most of the traffic of a tiny model.
 */
export function wireBytes(update: Update): number {
  let bytes = frameBytes(encodeHeader(update, 1).byteLength)
  for (let left = update.payload.byteLength; left > 0; left -= chunkBytes)
    bytes += frameBytes(Math.min(left, chunkBytes))
  return bytes
}

/** A frame behind its length, which travels as a varint: 7 bits a byte. */
function frameBytes(length: number): number {
  let prefix = 1
  for (let left = length; left >= 128; left >>>= 7) prefix++
  return prefix + length
}
