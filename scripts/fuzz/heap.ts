import { memoryUsage } from 'node:process'

/** Bytes in use after a collection; run with --expose-gc. */
export function heap(): number {
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = memoryUsage()
  return heapUsed + external + arrayBuffers
}
