import { elementCount } from '../../learning/parameters.js'
import { DEFAULT_EPSILON } from '../layers.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'
import { isOverChannels } from './normalization.js'

/**
 * Each position is normalised over its channels: one group, in a block of its own.
 *
 * Source: Ba, Kiros, Hinton, "Layer Normalization", arXiv:1607.06450, 2016.
 */
export const layerNormalization: LayerKind = {
  fusesRelu: true,
  overwritesGradient: true,
  accepts: layer => isOverChannels(withOneAxis(layer)),
  place({ config, inputShape }, { memory, rows: mostRows, parameters, gradients }) {
    const channels = inputShape[inputShape.length - 1]
    const width = elementCount(inputShape)
    const positions = width / channels
    const epsilon = (config.epsilon as number | undefined) ?? DEFAULT_EPSILON
    const [gamma, beta] = parameters
    const [gammaGradient, betaGradient] = gradients
    const mean = memory.reserve(mostRows * width)
    const variance = memory.reserve(mostRows * width)
    return {
      scratch: 5 * channels,
      forward({ kernels, rows, input, output, relu, scratch }) {
        const blocks = rows * positions
        kernels.moments(input, blocks, 1, channels, 1, mean, variance)
        kernels.normalize(input, blocks, 1, channels, mean, variance, epsilon, gamma, beta, output, relu, scratch)
      },
      backward({ kernels, rows, input, output, relu, outputGradient, inputGradient, scratch }) {
        const activation = relu ? output : 0
        const statistics = [mean, variance, epsilon, gamma] as const
        const written = [inputGradient, gammaGradient, betaGradient, scratch] as const
        kernels.normalizeGradient(
          input,
          outputGradient,
          activation,
          rows * positions,
          1,
          channels,
          1,
          ...statistics,
          ...written
        )
      }
    }
  }
}

/** Saved topologies write the axis as a list. */
function withOneAxis(layer: ModelLayer): ModelLayer {
  const { axis } = layer.config
  return Array.isArray(axis) && axis.length === 1
    ? { ...layer, config: { ...layer.config, axis: axis[0] as number } }
    : layer
}
