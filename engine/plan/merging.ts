import { elementCount } from '../../learning/parameters.js'
import { concatenationAxis } from '../layers/shapes.js'
import type { LayerKind } from './layer-kind.js'

/** Add: the sum of several inputs, each of which gets the whole gradient. */
export const add: LayerKind = {
  fusesRelu: false,
  accepts: () => true,
  place({ inputShape }) {
    const width = elementCount(inputShape)
    return {
      scratch: 0,
      forward({ kernels, rows, inputs: [first, ...others], output }) {
        kernels.copy(first, output, rows * width)
        for (const other of others) kernels.addInto(other, output, rows * width)
      },
      backward({ kernels, rows, outputGradient, inputGradients }) {
        for (const asked of inputGradients) if (asked !== 0) kernels.copy(outputGradient, asked, rows * width)
      }
    }
  }
}

/** Concatenate: the inputs one after another along one extent. */
export const concatenate: LayerKind = {
  fusesRelu: false,
  accepts: () => true,
  place({ config, inputShape, inputShapes, outputShape }) {
    const axis = concatenationAxis(config, inputShape)
    const outer = elementCount(inputShape.slice(0, axis))
    const blocks = inputShapes.map(shape => elementCount(shape.slice(axis)))
    const starts = blocks.map((_, i) => blocks.slice(0, i).reduce((sum, block) => sum + block, 0))
    const pitch = elementCount(outputShape.slice(axis))
    return {
      scratch: 0,
      forward({ kernels, rows, inputs, output }) {
        for (const [i, input] of inputs.entries()) {
          kernels.copyRows(input, blocks[i], output + starts[i] * 4, pitch, blocks[i], rows * outer)
        }
      },
      backward({ kernels, rows, outputGradient, inputGradients }) {
        for (const [i, asked] of inputGradients.entries()) {
          if (asked === 0) continue
          kernels.copyRows(outputGradient + starts[i] * 4, pitch, asked, blocks[i], blocks[i], rows * outer)
        }
      }
    }
  }
}
