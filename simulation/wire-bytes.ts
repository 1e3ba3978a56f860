import type { Update } from '../learning/averaging/averaging.js'
import { chunkBytes, varintBytes } from '../protocols/framing.js'
import { headerBytes } from '../protocols/update-codec.js'

/** Counted last: an update goes to several neighbours, one after the other. */
let counted: Update | undefined
let countedBytes = 0

/**
 * How many bytes an update takes on a stream, by the codec of a device: header, payload and the length before each frame.
 * Nothing is encoded for it, and no checksum computed: any but 0, which is one in 4 billion, has the same length.
 *
 * Not counted, where a device counts them: encryption (noise), multiplexing (yamux), handshakes, membership, pings. Together
 * they are below 1 % of updates of 100 kB, and most of the traffic of a tiny model.
 */
export function wireBytes(update: Update): number {
  if (update !== counted) {
    counted = update
    countedBytes = count(update)
  }
  return countedBytes
}

function count(update: Update): number {
  let bytes = frameBytes(headerBytes(update))
  for (let left = update.payload.byteLength; left > 0; left -= chunkBytes)
    bytes += frameBytes(Math.min(left, chunkBytes))
  return bytes
}

/** A frame behind its length. */
function frameBytes(length: number): number {
  return varintBytes(length) + length
}
