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
 * `moveTowards` one neighbour after the other, with the same result bit for bit: tile by tile, so that what is this node's passes
 * through the caches once for all of them.
 *
 * @param payloads - of each neighbour its model, encoded, hostile until checked; undefined: none came
 * @returns of each neighbour what `moveTowards` returns; undefined: none came
 */
export function moveTowardsAll(
  state: AveragingState,
  payloads: readonly (Uint8Array | undefined)[],
  ours: Float32Array,
  scratch: Float32Array
): (number | RejectReason | undefined)[] {
  const { parameters, neighbours, compressor, plausibility } = state
  // Something is wrong with one of them: what that does to those behind it is for `moveTowards` to say.
  if (compressor.seekable !== true || !movedByAll(state, payloads, ours, scratch)) {
    return payloads.map((payload, i) => payload && moveTowards(state, neighbours[i].weight, payload, ours, scratch))
  }
  let refused = 0
  const taken: (number | RejectReason | undefined)[] = []
  for (let i = 0; i < payloads.length; i++) {
    if (payloads[i] === undefined) taken.push(undefined)
    else if (plausibility.admits(squares[i], ours)) taken.push(squares[i])
    else {
      taken.push('implausible')
      refused++
    }
  }
  if (refused > 0) {
    const admitted = payloads.map((payload, i) => (taken[i] === 'implausible' ? undefined : payload))
    movedByAll(state, admitted, ours, scratch)
  }
  parameters.set(scratch)
  return taken
}

/** What `movedByAll` found last: of each neighbour whose model came ||theirs - ours||^2. Kept, because every round asks for them. */
const squares: number[] = []

/**
 * @param result - changed; may be `ours` no more than this node's parameters
 * @returns false when a model is malformed, or so far away that the sum may overflow
 */
function movedByAll(
  { parameters, neighbours, compressor }: AveragingState,
  payloads: readonly (Uint8Array | undefined)[],
  ours: Float32Array,
  result: Float32Array
): boolean {
  for (let i = 0; i < payloads.length; i++) squares[i] = 0
  try {
    for (let from = 0; from < parameters.length; from += TILE_LENGTH) {
      const length = Math.min(TILE_LENGTH, parameters.length - from)
      const theirs = tile.theirs.floats(length)
      const oursAt = tile.ours.read(ours, from, length)
      const values = tile.values.change(parameters, result, from, length)
      for (let i = 0; i < payloads.length; i++) {
        const payload = payloads[i]
        if (payload === undefined) continue
        compressor.decode(payload, theirs, from)
        tile.theirs.pad(length)
        const { weight } = neighbours[i]
        squares[i] += kernels.moveTowards(values, weight, oursAt, tile.theirs.address, length)
      }
      tile.values.write(result, from, length)
    }
  } catch (error) {
    if (error instanceof MalformedUpdateError) return false
    throw error
  }
  for (let i = 0; i < payloads.length; i++) if (!(squares[i] < surelyNear)) return false
  return true
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
    const oursAt = tile.ours.read(ours, from, length)
    const values = tile.values.change(x, result, from, length)
    squared += kernels.moveTowards(values, weight, oursAt, tile.theirs.address, length)
    tile.values.write(result, from, length)
  }
  return squared
}
