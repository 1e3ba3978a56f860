import { tile } from '../vector-kernels.js'

/**
 * Two vectors that a strategy computes in. What they hold means nothing between two calls, so any number of strategies on
 * one thread may share them.
 */
export interface Scratch {
  /** This node's model as its peers received it. */
  readonly ours: Float32Array
  /** A peer's model. */
  readonly theirs: Float32Array
}

export function createScratch(length: number): Scratch {
  return { ours: tile.scratchOurs.vector(length), theirs: tile.scratchTheirs.vector(length) }
}
