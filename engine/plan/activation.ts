import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid'

/** Apply an activation to `values` in place. */
export function activate(
  activation: Activation,
  kernels: Kernels,
  memory: KernelMemory,
  at: Address,
  length: number
): void {
  if (activation === 'relu') kernels.relu(at, length)
  else if (activation !== 'linear') {
    const values = memory.view(at, length)
    if (activation === 'tanh') for (let i = 0; i < length; i++) values[i] = Math.tanh(values[i])
    else for (let i = 0; i < length; i++) values[i] = 1 / (1 + Math.exp(-values[i]))
  }
}

/** Multiply a gradient in place by the derivative of an activation, told by what the activation gave. */
export function differentiate(
  activation: Activation,
  kernels: Kernels,
  memory: KernelMemory,
  gradientAt: Address,
  outputAt: Address,
  length: number
): void {
  if (activation === 'relu') kernels.reluGradient(gradientAt, outputAt, length)
  else if (activation !== 'linear') {
    const gradient = memory.view(gradientAt, length)
    const values = memory.view(outputAt, length)
    if (activation === 'tanh') for (let i = 0; i < length; i++) gradient[i] *= 1 - values[i] * values[i]
    else for (let i = 0; i < length; i++) gradient[i] *= values[i] * (1 - values[i])
  }
}
