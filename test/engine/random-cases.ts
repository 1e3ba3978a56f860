import type * as Core from '@tensorflow/tfjs-core'
import type { Rng } from '../../learning/rng.js'

/** A whole number from `least` to `most`, both among them. */
export function between(rng: Rng, least: number, most: number): number {
  return least + rng.integer(Math.floor(most) - least + 1)
}

/** A tensor, and sums and means over some of its axes. */
export function drawSumAndMean(rng: Rng, core: typeof Core) {
  const shape = [between(rng, 1, 6), between(rng, 1, 6), between(rng, 1, 9)]
  const axes = [[0], [0, 1], [1], [2], [0, 2]][rng.integer(5)]
  const keepDims = rng.uniform() < 0.5
  return {
    label: `[${shape.join(', ')}] over ${axes.join(', ')}, ${keepDims}`,
    shapes: [shape],
    apply: ([x]: Core.Tensor[]) => core.add(core.sum(x, axes, keepDims), core.mean(core.square(x), axes, keepDims))
  }
}
