import { elementCount } from '../../learning/parameters.js'
import { activate, differentiate, type Activation } from './activation.js'
import type { LayerKind } from './layer-kind.js'

/** An activation that leaves its input alone, for what something else needs as it is. */
export function separateActivation(activation: Activation): LayerKind {
  return {
    fusesRelu: false,
    keepsOutput: true,
    accepts: () => true,
    place({ inputShape }, { memory }) {
      const width = elementCount(inputShape)
      return {
        scratch: 0,
        forward({ kernels, rows, input, output }) {
          kernels.copy(input, output, rows * width)
          activate(activation, kernels, memory, output, rows * width)
        },
        backward({ kernels, rows, input, outputGradient, inputGradient, output }) {
          if (inputGradient === 0) return
          const told = activation.slope === undefined ? input : output
          kernels.copy(outputGradient, inputGradient, rows * width)
          differentiate(activation, kernels, memory, inputGradient, told, rows * width)
        }
      }
    }
  }
}
