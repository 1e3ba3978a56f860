import type { TrainingSettings } from './engine.js'
import type { Address, KernelMemory, Kernels } from './kernel-memory.js'

/** Adam's constants, those of tfjs. It keeps them and their powers as float32, and so must who wants its numbers. */
const BETA1 = Math.fround(0.9)
const BETA2 = Math.fround(0.999)
const TAKE1 = 1 - 0.9
const TAKE2 = 1 - 0.999
const EPSILON = 1e-7

/**
 * Reserve the optimiser's state in kernel memory.
 *
 * @param length - number of parameters
 * @returns binds the kernels, once they are there, to a function that applies the gradient to the parameters
 */
export function reserveOptimizer(
  memory: KernelMemory,
  training: TrainingSettings,
  parameters: Address,
  gradient: Address,
  length: number
): (kernels: Kernels) => () => void {
  const { optimizer, learningRate, momentum } = training
  const vectors = Math.ceil(length / 4) * 4
  if (optimizer === 'sgd') {
    return kernels => () => kernels.sgd(parameters, gradient, learningRate, vectors)
  }
  const first = memory.reserve(vectors)
  if (optimizer === 'momentum') {
    return kernels => () => kernels.momentum(parameters, gradient, first, learningRate, momentum, vectors)
  }
  const second = memory.reserve(vectors)
  let power1 = 1
  let power2 = 1
  return kernels => () => {
    power1 = Math.fround(power1 * BETA1)
    power2 = Math.fround(power2 * BETA2)
    kernels.adam(
      parameters,
      gradient,
      first,
      second,
      learningRate,
      BETA1,
      BETA2,
      TAKE1,
      TAKE2,
      EPSILON,
      1 - power1,
      1 - power2,
      vectors
    )
  }
}
