import { memoryUsage } from 'node:process'
import { setImmediate } from 'node:timers/promises'

/**
 * Bytes in use after a collection; run with --expose-gc. A buffer that a socket held is given back in the turn of the event loop
 * after the one in which the socket was collected: hence several.
 */
export async function heap(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.()
    await setImmediate()
  }
  const { heapUsed, external, arrayBuffers } = memoryUsage()
  return heapUsed + external + arrayBuffers
}
