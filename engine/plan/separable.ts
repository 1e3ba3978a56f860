import { elementCount } from '../../learning/parameters.js'
import { convolution } from './convolution.js'
import { depthwise } from './depthwise.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'
import { isPlainWindow } from './window.js'

/** SeparableConv2D: a depthwise convolution without bias, and a pointwise one of what it gives. */
export const separable: LayerKind = {
  fusesRelu: true,
  accepts: isPlainWindow,
  place(layer, placement) {
    const { memory, rows: mostRows, trainingRows, parameters, gradients } = placement
    const [depthwiseTensor, ...pointwiseTensors] = layer.tensors
    const channels = pointwiseTensors[0].shape[2]
    const between = [...layer.outputShape.slice(0, 2), channels]
    const first: ModelLayer = { ...layer, outputShape: between, tensors: [depthwiseTensor] }
    const second: ModelLayer = {
      ...layer,
      config: { kernel_size: 1 },
      inputShape: between,
      inputShapes: [between],
      tensors: pointwiseTensors
    }
    const spatial = depthwise.place(first, {
      ...placement,
      parameters: parameters.slice(0, 1),
      gradients: gradients.slice(0, 1)
    })
    const pointwise = convolution.place(second, {
      ...placement,
      parameters: parameters.slice(1),
      gradients: gradients.slice(1)
    })
    const middle = memory.reserve(mostRows * elementCount(between))
    const middleGradient = memory.reserve(trainingRows * elementCount(between))
    return {
      scratch: Math.max(spatial.scratch, pointwise.scratch),
      forward(pass) {
        spatial.forward({ ...pass, output: middle, relu: false })
        pointwise.forward({ ...pass, inputs: [middle], input: middle })
      },
      backward(pass) {
        const gradient = { inputGradients: [middleGradient], inputGradient: middleGradient }
        pointwise.backward({ ...pass, inputs: [middle], input: middle, ...gradient })
        spatial.backward({ ...pass, relu: false, output: middle, outputGradient: middleGradient })
      }
    }
  }
}
