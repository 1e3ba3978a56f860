import type { LayerKind } from './layer-kind.js'
import { matrix, multiply, multiplyAdd, transposed } from './matrix.js'
import { acceptsRecurrent, recurrentScratch, recurrentShape } from './recurrent.js'

/**
 * GRU, the reset gate applied before the product with the recurrent kernel, as in tfjs.
 *
 * z, r = sigmoid(x W + h U), c = tanh(x W + (r h) U), h' = z h + (1 - z) c; the columns of W and U are those of z, r, c. Sums of z
 * and r lie apart from those of c, as the latter wait for r.
 *
 * Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014.
 */
export const gru: LayerKind = {
  fusesRelu: false,
  accepts: acceptsRecurrent,
  place(layer, { memory, rows: mostRows, trainingRows, parameters: [kernel, recurrent, bias = 0], gradients }) {
    const shape = recurrentShape(layer)
    const { steps, inputs, units, isSequence, isHard } = shape
    const [kernelGradient, recurrentGradient, biasGradient] = gradients
    const forTime = (rows: number, width: number) => memory.reserve(steps * rows * width)
    const x = forTime(mostRows, inputs)
    const gates = forTime(mostRows, 2 * units)
    const candidate = forTime(mostRows, units)
    const reset = forTime(mostRows, units)
    const states = memory.reserve((steps + 1) * mostRows * units)
    const gatesGradient = forTime(trainingRows, 2 * units)
    const candidateGradient = forTime(trainingRows, units)
    const stateGradients = forTime(trainingRows, units)
    const xGradient = forTime(trainingRows, inputs)
    const stateGradient = memory.reserve(trainingRows * units)
    const resetGradient = memory.reserve(trainingRows * units)
    const columns = 3 * units
    const part = memory.reserve(Math.max(inputs, units) * 2 * units)
    const ofGates = (weights: number) => matrix(weights, columns)
    const ofCandidate = (weights: number) => matrix(weights + 8 * units, columns)

    return {
      scratch: recurrentScratch(shape, mostRows, trainingRows, [units, 2 * units]),
      forward({ kernels, rows, input, output, scratch }) {
        const all = steps * rows
        const row = rows * units * 4
        kernels.swapAxes(input, rows, steps, inputs, x)
        const biasOfCandidate = bias === 0 ? 0 : bias + 8 * units
        multiply(kernels, [all, 2 * units, inputs], matrix(x, inputs), ofGates(kernel), gates, scratch, bias)
        multiply(
          kernels,
          [all, units, inputs],
          matrix(x, inputs),
          ofCandidate(kernel),
          candidate,
          scratch,
          biasOfCandidate
        )
        memory.view(states, rows * units).fill(0)
        for (let t = 0; t < steps; t++) {
          const [z, c, r, state] = [gates + 2 * t * row, candidate + t * row, reset + t * row, states + t * row]
          multiplyAdd(kernels, [rows, 2 * units, units], matrix(state, units), ofGates(recurrent), z, scratch)
          kernels.gruGates(z, state, r, rows, units, isHard)
          multiplyAdd(kernels, [rows, units, units], matrix(r, units), ofCandidate(recurrent), c, scratch)
          kernels.gruState(z, c, state, state + row, rows, units)
        }
        if (isSequence) kernels.swapAxes(states + row, steps, rows, units, output)
        else kernels.copy(states + steps * row, output, rows * units)
      },
      backward({ kernels, rows, outputGradient, inputGradient, scratch }) {
        const all = steps * rows
        const row = rows * units * 4
        if (isSequence) {
          kernels.swapAxes(outputGradient, rows, steps, units, stateGradients)
          memory.view(stateGradient, rows * units).fill(0)
        } else kernels.copy(outputGradient, stateGradient, rows * units)
        for (let t = steps - 1; t >= 0; t--) {
          const [z, c, state] = [gates + 2 * t * row, candidate + t * row, states + t * row]
          const [zGradient, cGradient] = [gatesGradient + 2 * t * row, candidateGradient + t * row]
          if (isSequence) kernels.addInto(stateGradients + t * row, stateGradient, rows * units)
          kernels.gruStateGradient(stateGradient, z, c, state, zGradient, cGradient, rows, units, isHard)
          const ofReset = transposed(ofCandidate(recurrent))
          multiply(kernels, [rows, units, units], matrix(cGradient, units), ofReset, resetGradient, scratch)
          kernels.gruGatesGradient(resetGradient, z, state, zGradient, stateGradient, rows, units, isHard)
          const ofState = transposed(ofGates(recurrent))
          multiplyAdd(kernels, [rows, units, 2 * units], matrix(zGradient, 2 * units), ofState, stateGradient, scratch)
        }
        // Over all steps in time at once: the gradients of W and U, each in the columns of the gates and of the candidate.
        const write = (values: number, width: number, gradient: number, of: number, first: number, target: number) => {
          const size = [width, of, all] as const
          multiply(kernels, size, transposed(matrix(values, width)), matrix(gradient, of), part, scratch)
          kernels.copyRows(part, of, target + first * 4, columns, of, width)
        }
        write(x, inputs, gatesGradient, 2 * units, 0, kernelGradient)
        write(x, inputs, candidateGradient, units, 2 * units, kernelGradient)
        write(states, units, gatesGradient, 2 * units, 0, recurrentGradient)
        write(reset, units, candidateGradient, units, 2 * units, recurrentGradient)
        if (bias !== 0) {
          kernels.columnSums(gatesGradient, all, 2 * units, biasGradient)
          kernels.columnSums(candidateGradient, all, units, biasGradient + 8 * units)
        }
        if (inputGradient !== 0) {
          const [z, c] = [matrix(gatesGradient, 2 * units), matrix(candidateGradient, units)]
          multiply(kernels, [all, inputs, 2 * units], z, transposed(ofGates(kernel)), xGradient, scratch)
          multiplyAdd(kernels, [all, inputs, units], c, transposed(ofCandidate(kernel)), xGradient, scratch)
          kernels.swapAxes(xGradient, steps, rows, inputs, inputGradient)
        }
      }
    }
  }
}
