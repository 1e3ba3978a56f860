import { elementCount } from '../../learning/parameters.js'
import { gemmScratch } from '../kernel-memory.js'
import type { LayerKind } from './layer-kind.js'
import { differentiateOutput } from './output-gradient.js'

/** y = x W + b over the last extent of the input. */
export const dense: LayerKind = {
  fusesRelu: true,
  accepts: () => true,
  place({ inputShape, outputShape, tensors }, { rows: mostRows, trainingRows, parameters, gradients }) {
    const inputs = inputShape[inputShape.length - 1]
    const units = outputShape[outputShape.length - 1]
    const positions = elementCount(inputShape) / inputs
    const [kernel, bias] = tensors.length === 2 ? parameters : [parameters[0], 0]
    const [kernelGradient, biasGradient] = gradients
    return {
      scratch: Math.max(
        gemmScratch(mostRows * positions, units, inputs),
        gemmScratch(inputs, units, trainingRows * positions),
        gemmScratch(trainingRows * positions, inputs, units)
      ),
      forward({ kernels, rows, input, output, relu, scratch }) {
        const m = rows * positions
        kernels.gemm(m, units, inputs, input, inputs, 1, kernel, units, 1, output, bias, relu, false, scratch)
      },
      backward(pass) {
        const { kernels, rows, input, outputGradient: given, inputGradient: asked, scratch } = pass
        const m = rows * positions
        differentiateOutput(pass, positions, units, biasGradient)
        kernels.gemm(inputs, units, m, input, 1, inputs, given, units, 1, kernelGradient, 0, false, false, scratch)
        if (asked !== 0) {
          kernels.gemm(m, inputs, units, given, units, 1, kernel, 1, units, asked, 0, false, false, scratch)
        }
      }
    }
  }
}
