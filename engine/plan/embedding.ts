import { elementCount } from '../../learning/parameters.js'
import type { LayerKind } from './layer-kind.js'

/** Embedding: whole numbers become rows of a table. They have no slope: it can only take what enters the model. */
export const embedding: LayerKind = {
  fusesRelu: false,
  accepts: () => true,
  place({ inputShape, tensors }, { parameters: [table], gradients: [tableGradient] }) {
    const [words, width] = tensors[0].shape
    const positions = elementCount(inputShape)
    return {
      scratch: 0,
      forward({ kernels, rows, input, output }) {
        kernels.embed(input, rows * positions, table, words, width, output)
      },
      backward({ kernels, rows, input, outputGradient }) {
        kernels.embedGradient(input, rows * positions, outputGradient, words, width, tableGradient)
      }
    }
  }
}
