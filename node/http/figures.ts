import type { Evaluation } from '../../engine/index.js'

/** Messages that come at a wrong time are nobody's fault. */
const harmless = new Set(['stale', 'duplicate', 'not-a-neighbour', 'too-far-ahead', 'surplus'])

/** How many times more the same updates would take as 32-bit floats; `bytes`: all that crossed the connections. */
export function compressionRatio(updates: number, parameters: number, bytes: number): number | null {
  return updates === 0 || bytes <= 0 ? null : (updates * parameters * Float32Array.BYTES_PER_ELEMENT) / bytes
}

/** How many refused messages point to a peer at fault. */
export function faultsIn(rejected: Readonly<Record<string, number>>): number {
  return Object.entries(rejected).reduce((sum, [reason, count]) => (harmless.has(reason) ? sum : sum + count), 0)
}

/** The end of a peer id, which is where they differ. */
export function shortName(peer: string): string {
  return peer.slice(-6)
}

/** Accuracy or r2, whichever there is. */
export function scoreOf(evaluation: Evaluation | undefined): number | null {
  return evaluation?.accuracy ?? evaluation?.r2 ?? null
}
