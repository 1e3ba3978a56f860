import type { FaultSwarmInit } from './fault-swarm.js'

/** How far a run of the suite goes: `quick` is for every change, `full` for a release. */
export type Extent = 'quick' | 'full'

/** One row of the table: a fault, what must hold, and a run that measures it. */
export interface Fault {
  readonly name: string
  /** In words, as the table shows it. */
  readonly bar: string
  /** Left out of the quick run: takes minutes. */
  readonly fullOnly?: true
  /** Why it cannot run here; undefined: it can. */
  readonly unavailable?: () => string | undefined
  run(extent: Extent): Promise<Outcome>
}

export interface Outcome {
  readonly ok: boolean
  /** What was measured, in words. */
  readonly reached: string
}

/** Eight nodes on MNIST; the quick run gives them fewer rows and local steps. */
export function eight(extent: Extent): FaultSwarmInit {
  return extent === 'full' ? { nodes: 8 } : { nodes: 8, samples: 300, settings: { localSteps: 9 } }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? NaN
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

export function points(share: number): string {
  return `${(100 * share).toFixed(1)} points`
}
