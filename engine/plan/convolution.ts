import { convolutionScratch } from '../kernel-memory.js'
import { denseFilter } from './dilation.js'
import type { LayerKind } from './layer-kind.js'
import { differentiateOutput } from './output-gradient.js'
import { convolutionWindow, encodeWindow, isPlainWindow } from './window.js'

/** Conv1D and Conv2D: any kernel, stride and dilation, `valid` or `same`. */
export const convolution: LayerKind = {
  fusesRelu: true,
  accepts: isPlainWindow,
  place(layer, { memory, parameters, gradients }) {
    const shape = convolutionWindow(layer)
    const { outputHeight, outputWidth, filters } = shape
    const window = memory.place(encodeWindow(shape))
    const positions = outputHeight * outputWidth
    const [, bias] = layer.tensors.length === 2 ? parameters : [parameters[0], 0]
    const [kernelGradient, biasGradient] = gradients
    const filter = denseFilter(layer, memory, parameters[0], kernelGradient)
    return {
      scratch: convolutionScratch(shape),
      forward({ kernels, rows, input, output, relu, scratch }) {
        filter.spread(kernels)
        kernels.convolve(window, rows, input, filter.kernel, bias, output, relu, scratch)
      },
      backward(pass) {
        const { kernels, rows, input, outputGradient, inputGradient, scratch } = pass
        differentiateOutput(pass, positions, filters, biasGradient)
        kernels.convolveGradients(
          window,
          rows,
          input,
          outputGradient,
          filter.kernel,
          filter.gradient,
          inputGradient,
          scratch
        )
        filter.collect(kernels)
      }
    }
  }
}
