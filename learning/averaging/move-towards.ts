import type { Compressor } from '../compression/compressor.js'
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

/** A peer's model that is to be averaged in. */
export interface Incoming {
  readonly weight: number
  /** Encoded; hostile until checked. */
  readonly payload: Uint8Array
}

/**
 * `moveTowards` one peer after the other, with the same result bit for bit: tile by tile, so that what is this node's passes
 * through the caches once for all of them.
 *
 * @returns of each peer what `moveTowards` returns
 */
export function moveTowardsAll(
  state: AveragingState,
  incoming: readonly Incoming[],
  ours: Float32Array,
  scratch: Float32Array
): (number | RejectReason)[] {
  const { parameters, compressor, plausibility } = state
  const squares = compressor.seekable === true ? movedByAll(parameters, incoming, ours, compressor, scratch) : undefined
  // Something is wrong with one of them: what that does to those behind it is for `moveTowards` to say.
  if (squares === undefined) {
    return incoming.map(({ weight, payload }) => moveTowards(state, weight, payload, ours, scratch))
  }
  const taken: (number | RejectReason)[] = squares
  let refused = 0
  for (let i = 0; i < squares.length; i++) {
    if (plausibility.admits(squares[i], ours)) continue
    taken[i] = 'implausible'
    refused++
  }
  if (refused > 0) {
    const admitted = incoming.filter((_, i) => typeof taken[i] === 'number')
    movedByAll(parameters, admitted, ours, compressor, scratch)
  }
  parameters.set(scratch)
  return taken
}

/**
 * @param result - changed; may be `ours` no more than `x`
 * @returns of each its ||theirs - ours||^2; undefined when one is malformed, or so far away that the sum may overflow
 */
function movedByAll(
  x: Float32Array,
  incoming: readonly Incoming[],
  ours: Float32Array,
  compressor: Compressor,
  result: Float32Array
): number[] | undefined {
  const squares: number[] = []
  for (let i = 0; i < incoming.length; i++) squares.push(0)
  try {
    for (let from = 0; from < x.length; from += TILE_LENGTH) {
      const length = Math.min(TILE_LENGTH, x.length - from)
      const theirs = tile.theirs.floats(length)
      tile.ours.load(ours, from, length)
      tile.values.load(x, from, length)
      for (let i = 0; i < incoming.length; i++) {
        const { weight, payload } = incoming[i]
        compressor.decode(payload, theirs, from)
        tile.theirs.pad(length)
        squares[i] += kernels.moveTowards(tile.values.address, weight, tile.ours.address, tile.theirs.address, length)
      }
      tile.values.save(length, result, from)
    }
  } catch (error) {
    if (error instanceof MalformedUpdateError) return undefined
    throw error
  }
  for (const squared of squares) if (!(squared < surelyNear)) return undefined
  return squares
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
