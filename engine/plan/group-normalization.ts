import { elementCount } from '../../learning/parameters.js'
import { DEFAULT_EPSILON } from '../layers.js'
import type { LayerKind } from './layer-kind.js'
import { isOverChannels } from './normalization.js'

/**
 * Each example's channels are normalised in groups, over all its positions; the same in training and inference.
 *
 * Source: Wu, He, "Group Normalization", ECCV 2018.
 */
export const groupNormalization: LayerKind = {
  fusesRelu: true,
  overwritesGradient: true,
  accepts: isOverChannels,
  place({ config, inputShape }, { memory, rows: mostRows, parameters, gradients }) {
    const channels = inputShape[inputShape.length - 1]
    const positions = elementCount(inputShape) / channels
    const groups = config.groups as number
    const epsilon = (config.epsilon as number | undefined) ?? DEFAULT_EPSILON
    const [gamma, beta] = parameters
    const [gammaGradient, betaGradient] = gradients
    const mean = memory.reserve(mostRows * channels)
    const variance = memory.reserve(mostRows * channels)
    return {
      scratch: 5 * channels,
      forward({ kernels, rows, input, output, relu, scratch }) {
        kernels.moments(input, rows, positions, channels, groups, mean, variance)
        kernels.normalize(input, rows, positions, channels, mean, variance, epsilon, gamma, beta, output, relu, scratch)
      },
      backward({ kernels, rows, input, output, relu, outputGradient, inputGradient, scratch }) {
        const activation = relu ? output : 0
        kernels.normalizeGradient(
          input,
          outputGradient,
          activation,
          rows,
          positions,
          channels,
          groups,
          mean,
          variance,
          epsilon,
          gamma,
          inputGradient,
          gammaGradient,
          betaGradient,
          scratch
        )
      }
    }
  }
}
