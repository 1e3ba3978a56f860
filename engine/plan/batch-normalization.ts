import { elementCount } from '../../learning/parameters.js'
import { DEFAULT_EPSILON } from '../layers.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'
import { isOverChannels } from './normalization.js'

/** Of the moving statistics, as in Keras and tfjs. */
const DEFAULT_MOMENTUM = 0.99

/**
 * Each channel is normalised over the batch in training, with moving statistics otherwise. These belong to the engine, are
 * no parameters, and start at mean 0 and variance 1.
 *
 * Source: Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
 * ICML 2015.
 */
export const batchNormalization: LayerKind = {
  fusesRelu: true,
  overwritesGradient: true,
  mixesExamples: true,
  accepts: layer => isOverChannels(layer) && startsAsUsual(layer),
  place({ config, inputShape }, { memory, parameters, gradients }) {
    const channels = inputShape[inputShape.length - 1]
    const positions = elementCount(inputShape) / channels
    const epsilon = (config.epsilon as number | undefined) ?? DEFAULT_EPSILON
    const decay = 1 - ((config.momentum as number | undefined) ?? DEFAULT_MOMENTUM)
    const [gamma, beta] = parameters
    const [gammaGradient, betaGradient] = gradients
    const mean = memory.reserve(channels)
    const variance = memory.reserve(channels)
    const movingMean = memory.reserve(channels)
    const movingVariance = memory.place(new Float32Array(channels).fill(1))

    function follow(moving: number, batch: number): void {
      const target = memory.view(moving, channels)
      const source = memory.view(batch, channels)
      for (let i = 0; i < channels; i++) target[i] -= (target[i] - source[i]) * decay
    }

    return {
      scratch: 5 * channels,
      statistics: [movingMean, movingVariance].map(address => ({ address, floats: channels })),
      forward({ kernels, rows, input, output, relu, training, scratch }) {
        const over = rows * positions
        if (training) {
          kernels.moments(input, 1, over, channels, channels, mean, variance)
          follow(movingMean, mean)
          follow(movingVariance, variance)
        }
        const statistics = training ? ([mean, variance] as const) : ([movingMean, movingVariance] as const)
        kernels.normalize(input, 1, over, channels, ...statistics, epsilon, gamma, beta, output, relu, scratch)
      },
      backward({ kernels, rows, input, output, relu, outputGradient, inputGradient, scratch }) {
        const activation = relu ? output : 0
        const statistics = [mean, variance, epsilon, gamma] as const
        const written = [inputGradient, gammaGradient, betaGradient, scratch] as const
        const over = rows * positions
        kernels.normalizeGradient(
          input,
          outputGradient,
          activation,
          1,
          over,
          channels,
          channels,
          ...statistics,
          ...written
        )
      }
    }
  }
}

function startsAsUsual({ config }: ModelLayer): boolean {
  const { moving_mean_initializer: mean, moving_variance_initializer: variance } = config
  const nameOf = (initializer: unknown) => (initializer as { class_name?: string } | null | undefined)?.class_name
  return [undefined, 'Zeros'].includes(nameOf(mean)) && [undefined, 'Ones'].includes(nameOf(variance))
}
