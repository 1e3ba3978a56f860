import { elementCount } from '../../learning/parameters.js'
import { denseFilter } from './dilation.js'
import type { LayerKind } from './layer-kind.js'
import { differentiateOutput } from './output-gradient.js'
import { convolutionWindow, encodeWindow, isPlainWindow } from './window.js'

/**
 * DepthwiseConv2D. Several filters a channel are one filter for each of as many copies of the channel.
 */
export const depthwise: LayerKind = {
  fusesRelu: true,
  accepts: isPlainWindow,
  place(layer, { memory, rows: mostRows, trainingRows, parameters, gradients }) {
    const { inputShape, outputShape } = layer
    const width = elementCount(inputShape)
    const channels = outputShape[2]
    const times = channels / inputShape[2]
    const shape = { ...convolutionWindow(layer), channels }
    const window = memory.place(encodeWindow(shape))
    const positions = shape.outputHeight * shape.outputWidth
    const [, bias] = layer.tensors.length === 2 ? parameters : [parameters[0], 0]
    const [kernelGradient, biasGradient] = gradients
    const filter = denseFilter(layer, memory, parameters[0], kernelGradient)
    const copies = times === 1 ? 0 : memory.reserve(mostRows * width * times)
    const copiesGradient = times === 1 ? 0 : memory.reserve(trainingRows * width * times)
    return {
      scratch: 0,
      forward({ kernels, rows, input, output, relu }) {
        filter.spread(kernels)
        if (copies !== 0) kernels.repeatValues(input, rows * width, times, copies)
        kernels.depthwise(window, rows, copies || input, filter.kernel, bias, output, relu)
      },
      backward(pass) {
        const { kernels, rows, input, outputGradient, inputGradient } = pass
        differentiateOutput(pass, positions, channels, biasGradient)
        kernels.depthwiseFilterGradient(window, rows, copies || input, outputGradient, filter.gradient)
        filter.collect(kernels)
        if (inputGradient === 0) return
        kernels.depthwiseInputGradient(window, rows, outputGradient, filter.kernel, copiesGradient || inputGradient)
        if (copiesGradient !== 0) kernels.sumRepeated(copiesGradient, rows * width, times, inputGradient)
      }
    }
  }
}
