import type { LayerKind } from './layer-kind.js'
import { convolutionWindow, encodeWindow, isPlainWindow } from './window.js'

/** DepthwiseConv2D with one filter a channel. */
export const depthwise: LayerKind = {
  fusesRelu: true,
  accepts: layer => isPlainWindow(layer) && (layer.config.depth_multiplier ?? 1) === 1,
  place(layer, { memory, parameters, gradients }) {
    const shape = convolutionWindow(layer)
    const { channels, outputHeight, outputWidth } = shape
    const window = memory.place(encodeWindow(shape))
    const [kernel, bias] = layer.tensors.length === 2 ? parameters : [parameters[0], 0]
    const [kernelGradient, biasGradient] = gradients
    return {
      scratch: 0,
      forward({ kernels, rows, input, output, relu }) {
        kernels.depthwise(window, rows, input, kernel, bias, output, relu)
      },
      backward({ kernels, rows, input, outputGradient, inputGradient }) {
        kernels.depthwiseFilterGradient(window, rows, input, outputGradient, kernelGradient)
        if (bias !== 0) kernels.columnSums(outputGradient, rows * outputHeight * outputWidth, channels, biasGradient)
        if (inputGradient !== 0) {
          kernels.depthwiseInputGradient(window, rows, outputGradient, kernel, inputGradient)
        }
      }
    }
  }
}
