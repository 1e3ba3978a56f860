import { MalformedUpdateError } from '../errors.js'
import { createRng } from '../rng.js'

/** A message begins with the seed that its positions were drawn with: no bits go into indices. */
export const SEED_BYTES = 4

/** @param seed - below 2^32 */
export function encodeSeed(seed: number): Uint8Array {
  const bytes = new Uint8Array(SEED_BYTES)
  new DataView(bytes.buffer).setUint32(0, seed, true)
  return bytes
}

/**
 * @param spec - whose message it is
 * @throws MalformedUpdateError when there is no seed
 */
export function decodeSeed(spec: string, bytes: Uint8Array): number {
  if (bytes.length < SEED_BYTES) throw new MalformedUpdateError(`${spec}: message of ${bytes.length} bytes has no seed`)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

/**
 * `count` of `size` positions, ascending, each set as likely as any other; the same for the same seed everywhere.
 *
 * @param purpose - what is drawn, so that two uses of one seed draw independently
 *
 * Source: Knuth, "The Art of Computer Programming" 2, 3.4.2, algorithm S.
 */
export function drawPositions(purpose: string, seed: number, count: number, size: number): Uint32Array {
  const rng = createRng(seed).fork(purpose)
  const positions = new Uint32Array(count)
  for (let i = 0, found = 0; found < count; i++) {
    if (rng.uint32() * (size - i) < (count - found) * 2 ** 32) positions[found++] = i
  }
  return positions
}
