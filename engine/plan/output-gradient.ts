import type { Address } from '../kernel-types.js'
import type { BackwardPass } from './layer-kind.js'

/**
 * Take relu back where the layer applied it, and sum the gradient up for its bias. Changes the output's gradient.
 *
 * @param count - positions of an example's output, each of `width` values
 * @param biasGradient - where the sums belong; undefined: there is no bias
 */
export function differentiateOutput(
  { kernels, rows, relu, output, outputGradient }: BackwardPass,
  count: number,
  width: number,
  biasGradient: Address | undefined
): void {
  if (biasGradient !== undefined) {
    kernels.cutColumnSums(outputGradient, relu ? output : 0, rows * count, width, biasGradient)
  } else if (relu) kernels.reluGradient(outputGradient, output, rows * count * width)
}
