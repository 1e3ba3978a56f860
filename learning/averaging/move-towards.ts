import { MalformedUpdateError } from '../errors.js'
import { allFinite } from '../parameters.js'
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
  scratch.set(ours)
  try {
    compressor.decode(payload, scratch)
  } catch (error) {
    if (error instanceof MalformedUpdateError) return 'malformed'
    throw error
  }
  let squared = 0
  let ownSquared = 0
  for (let i = 0; i < parameters.length; i++) {
    const difference = scratch[i] - ours[i]
    scratch[i] = parameters[i] + weight * difference
    squared += difference * difference
    ownSquared += ours[i] * ours[i]
  }
  // Their model is not finite, or so far away that the sum overflows: no need to look as long as it is near.
  if (!(squared < surelyNear) && !allFinite(scratch)) return 'not-finite'
  if (!plausibility.admits(squared, ownSquared)) return 'implausible'
  parameters.set(scratch)
  return squared
}
