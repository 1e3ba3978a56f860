import { MalformedUpdateError } from '../errors.js'
import { allFinite } from '../parameters.js'
import { kernels, tile, TILE_LENGTH } from '../vector-kernels.js'
import type { AveragingState, RejectReason } from './averaging.js'

/** No difference of this square, 1e30 at most, moves the largest float32 by half a unit in its last place. */
const surelyNear = 1e60

/**
 * Move this node's parameters towards a peer's model in difference form, changing them: x += weight * (theirs - ours).
 *
 * @param payload - the peer's model, encoded; hostile until checked
 * @param ours - this node's model as the peer received it, so that compression errors cancel in the mean of both. What
 *   `payload` does not carry is taken to be the same.
 * @param scratch - of the same length; changed
 * @returns ||theirs - ours||^2, or why the update is refused: the parameters are then as before
 */
export function moveTowards(
  { parameters, compressor, plausibility }: AveragingState,
  weight: number,
  payload: Uint8Array,
  ours: Float32Array,
  scratch: Float32Array
): number | RejectReason {
  let readTheirs: (from: number, theirs: Float32Array) => void
  let squared: number
  try {
    if (compressor.seekable === true) readTheirs = (from, theirs) => compressor.decode(payload, theirs, from)
    else {
      scratch.set(ours)
      compressor.decode(payload, scratch)
      readTheirs = (from, theirs) => theirs.set(scratch.subarray(from, from + theirs.length))
    }
    squared = moved(parameters, weight, ours, readTheirs, scratch)
  } catch (error) {
    if (error instanceof MalformedUpdateError) return 'malformed'
    throw error
  }
  // Their model is not finite, or so far away that the sum overflows: no need to look as long as it is near.
  if (!(squared < surelyNear) && !allFinite(scratch)) return 'not-finite'
  if (!plausibility.admits(squared, ours)) return 'implausible'
  parameters.set(scratch)
  return squared
}

/**
 * x + weight * (theirs - ours), piece by piece, so that nothing but the result leaves the caches.
 *
 * @param readTheirs - called for each piece of theirs, with the coordinate that it begins with; fills it in
 * @param result - changed; may be what `readTheirs` reads
 * @returns ||theirs - ours||^2
 */
export function moved(
  x: Float32Array,
  weight: number,
  ours: Float32Array,
  readTheirs: (from: number, theirs: Float32Array) => void,
  result: Float32Array
): number {
  let squared = 0
  for (let from = 0; from < x.length; from += TILE_LENGTH) {
    const length = Math.min(TILE_LENGTH, x.length - from)
    readTheirs(from, tile.theirs.floats(length))
    tile.theirs.pad(length)
    tile.ours.load(ours, from, length)
    tile.values.load(x, from, length)
    squared += kernels.moveTowards(tile.values.address, weight, tile.ours.address, tile.theirs.address, length)
    tile.values.save(length, result, from)
  }
  return squared
}
