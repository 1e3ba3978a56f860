import { elementCount } from '../../learning/parameters.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'

/**
 * Dropout, off when the model is only asked. Which values are dropped depends on the seed, the step and the place in the batch
 * alone (`dropoutRng`), so that neither the machine nor the number of threads changes it.
 */
export const dropout: LayerKind = {
  fusesRelu: false,
  isRandom: true,
  accepts: ({ config }) => (config.noise_shape ?? null) === null && rateOf(config) < 1,
  place({ config, inputShape }) {
    const width = elementCount(inputShape)
    const { threshold, scale } = dropoutOf(rateOf(config))
    return {
      scratch: 0,
      forward({ kernels, rows, input, output, training, key, firstRow }) {
        if (training) kernels.dropout(input, output, rows * width, key, firstRow * width, threshold, scale)
        else kernels.copy(input, output, rows * width)
      },
      backward({ kernels, rows, outputGradient, inputGradient, key, firstRow }) {
        if (inputGradient === 0) return
        kernels.dropout(outputGradient, inputGradient, rows * width, key, firstRow * width, threshold, scale)
      }
    }
  }
}

/** Whether a Dropout layer does anything. */
export function isRandomDropout({ config }: ModelLayer): boolean {
  return rateOf(config) > 0
}

/** Of 2^32, what a hash must reach for its value to be kept; and what kept values are multiplied by. */
export function dropoutOf(rate: number): { threshold: number; scale: number } {
  return { threshold: Math.floor(rate * 2 ** 32), scale: 1 / (1 - rate) }
}

function rateOf(config: ModelLayer['config']): number {
  return config.rate as number
}
