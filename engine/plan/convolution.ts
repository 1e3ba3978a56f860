import { convolutionScratch } from '../kernel-memory.js'
import type { LayerKind } from './layer-kind.js'
import { convolutionWindow, encodeWindow, isPlainWindow } from './window.js'

/** Conv1D and Conv2D: any kernel and stride, `valid` or `same`. */
export const convolution: LayerKind = {
  fusesRelu: true,
  accepts: isPlainWindow,
  place(layer, { memory, parameters, gradients }) {
    const shape = convolutionWindow(layer)
    const { outputHeight, outputWidth, filters } = shape
    const window = memory.place(encodeWindow(shape))
    const positions = outputHeight * outputWidth
    const [kernel, bias] = layer.tensors.length === 2 ? parameters : [parameters[0], 0]
    const [kernelGradient, biasGradient] = gradients
    return {
      scratch: convolutionScratch(shape),
      forward({ kernels, rows, input, output, relu, scratch }) {
        kernels.convolve(window, rows, input, kernel, bias, output, relu, scratch)
      },
      backward({ kernels, rows, input, outputGradient, inputGradient, scratch }) {
        kernels.convolveFilterGradient(window, rows, input, outputGradient, kernelGradient, scratch)
        if (bias !== 0) kernels.columnSums(outputGradient, rows * positions, filters, biasGradient)
        if (inputGradient !== 0) {
          kernels.convolveInputGradient(window, rows, outputGradient, kernel, inputGradient, scratch)
        }
      }
    }
  }
}
