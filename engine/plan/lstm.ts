import type { LayerKind } from './layer-kind.js'
import { matrix, multiply, multiplyAdd, transposed } from './matrix.js'
import { acceptsRecurrent, recurrentScratch, recurrentShape } from './recurrent.js'

/**
 * LSTM: i, f, o = sigmoid(x W + h U), c = tanh(x W + h U), cell' = f cell + i c, h' = o tanh(cell'); the columns of W and U are those
 * of i, f, c, o.
 *
 * Source: Hochreiter, Schmidhuber, "Long Short-Term Memory", Neural Computation, 1997, with the forget gate of Gers,
 * Schmidhuber, Cummins, "Learning to Forget", 2000.
 */
export const lstm: LayerKind = {
  fusesRelu: false,
  accepts: acceptsRecurrent,
  place(layer, { memory, rows: mostRows, trainingRows, parameters: [kernel, recurrent, bias = 0], gradients }) {
    const shape = recurrentShape(layer)
    const { steps, inputs, units, isSequence, isHard } = shape
    const [kernelGradient, recurrentGradient, biasGradient] = gradients
    const columns = 4 * units
    const forTime = (rows: number, width: number) => memory.reserve(steps * rows * width)
    const x = forTime(mostRows, inputs)
    const gates = forTime(mostRows, columns)
    const squashed = forTime(mostRows, units)
    const states = memory.reserve((steps + 1) * mostRows * units)
    const cells = memory.reserve((steps + 1) * mostRows * units)
    const gatesGradient = forTime(trainingRows, columns)
    const stateGradients = forTime(trainingRows, units)
    const xGradient = forTime(trainingRows, inputs)
    const stateGradient = memory.reserve(trainingRows * units)
    const cellGradient = memory.reserve(trainingRows * units)

    return {
      scratch: recurrentScratch(shape, mostRows, trainingRows, [columns]),
      forward({ kernels, rows, input, output, scratch }) {
        const row = rows * units * 4
        kernels.swapAxes(input, rows, steps, inputs, x)
        const size = [steps * rows, columns, inputs] as const
        multiply(kernels, size, matrix(x, inputs), matrix(kernel, columns), gates, scratch, bias)
        memory.view(states, rows * units).fill(0)
        memory.view(cells, rows * units).fill(0)
        for (let t = 0; t < steps; t++) {
          const [sums, state, cell] = [gates + 4 * t * row, states + t * row, cells + t * row]
          const product = [rows, columns, units] as const
          multiplyAdd(kernels, product, matrix(state, units), matrix(recurrent, columns), sums, scratch)
          kernels.lstmState(sums, cell, cell + row, squashed + t * row, state + row, rows, units, isHard)
        }
        if (isSequence) kernels.swapAxes(states + row, steps, rows, units, output)
        else kernels.copy(states + steps * row, output, rows * units)
      },
      backward({ kernels, rows, outputGradient, inputGradient, scratch }) {
        const all = steps * rows
        const row = rows * units * 4
        memory.view(cellGradient, rows * units).fill(0)
        if (isSequence) {
          kernels.swapAxes(outputGradient, rows, steps, units, stateGradients)
          memory.view(stateGradient, rows * units).fill(0)
        } else kernels.copy(outputGradient, stateGradient, rows * units)
        for (let t = steps - 1; t >= 0; t--) {
          if (isSequence) kernels.addInto(stateGradients + t * row, stateGradient, rows * units)
          const [values, cell, small] = [gates + 4 * t * row, cells + t * row, squashed + t * row]
          const sums = gatesGradient + 4 * t * row
          kernels.lstmStateGradient(stateGradient, cellGradient, values, cell, small, sums, rows, units, isHard)
          const back = transposed(matrix(recurrent, columns))
          multiply(kernels, [rows, units, columns], matrix(sums, columns), back, stateGradient, scratch)
        }
        const given = matrix(gatesGradient, columns)
        multiply(kernels, [inputs, columns, all], transposed(matrix(x, inputs)), given, kernelGradient, scratch)
        multiply(kernels, [units, columns, all], transposed(matrix(states, units)), given, recurrentGradient, scratch)
        if (bias !== 0) kernels.columnSums(gatesGradient, all, columns, biasGradient)
        if (inputGradient !== 0) {
          multiply(kernels, [all, inputs, columns], given, transposed(matrix(kernel, columns)), xGradient, scratch)
          kernels.swapAxes(xGradient, steps, rows, inputs, inputGradient)
        }
      }
    }
  }
}
