import { MalformedUpdateError } from '../errors.js'

/** @throws MalformedUpdateError unless `bytes` is exactly as long as `compressor` (its spec) makes every message */
export function checkLength(compressor: string, bytes: Uint8Array, expected: number): void {
  if (bytes.length === expected) return
  throw new MalformedUpdateError(`${compressor}: message of ${bytes.length} bytes; expected ${expected}`)
}
