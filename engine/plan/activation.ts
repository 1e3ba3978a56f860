import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'

/** A function of each value on its own. */
export interface Activation {
  readonly name: string
  /** y from x. */
  readonly value: (x: number) => number
  /** dy/dx told by y; an activation that has it needs not keep x. */
  readonly slope?: (y: number) => number
  /** dy/dx told by x, where y does not tell it. */
  readonly slopeAt?: (x: number) => number
}

const SELU_ALPHA = 1.6732632423543772
const SELU_SCALE = 1.0507009873554805

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

const swish: Activation = {
  name: 'swish',
  value: x => x * sigmoid(x),
  slopeAt: x => sigmoid(x) * (1 + x * (1 - sigmoid(x)))
}

/** Hendrycks, Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415, 2016: x times the normal distribution function. */
const gelu: Activation = {
  name: 'gelu',
  value: x => x * normalDistribution(x),
  slopeAt: x => normalDistribution(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

/** Those that take no number of their own, by the names of tfjs. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: { name: 'linear', value: x => x, slope: () => 1 },
  relu: { name: 'relu', value: x => Math.max(0, x), slope: y => Number(y > 0) },
  relu6: cappedRelu(6),
  tanh: { name: 'tanh', value: Math.tanh, slope: y => 1 - y * y },
  sigmoid: { name: 'sigmoid', value: sigmoid, slope: y => y * (1 - y) },
  hardSigmoid: {
    name: 'hardSigmoid',
    value: x => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
    slope: y => (y > 0 && y < 1 ? 0.2 : 0)
  },
  elu: elu(1),
  selu: {
    name: 'selu',
    value: x => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    slope: y => (y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA)
  },
  softplus: {
    name: 'softplus',
    value: x => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: y => -Math.expm1(-y)
  },
  softsign: { name: 'softsign', value: x => x / (1 + Math.abs(x)), slope: y => (1 - Math.abs(y)) ** 2 },
  swish,
  silu: swish,
  gelu
}

export const ACTIVATION_NAMES: readonly string[] = Object.keys(ACTIVATIONS)
export const { linear, relu } = ACTIVATIONS

/** @returns undefined for a name that is none: saved models write hard_sigmoid, tfjs in memory hardSigmoid */
export function activationNamed(name: unknown): Activation | undefined {
  const own = String(name).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return Object.hasOwn(ACTIVATIONS, own) ? ACTIVATIONS[own] : undefined
}

export function cappedRelu(most: number): Activation {
  return {
    name: `relu${most}`,
    value: x => Math.min(most, Math.max(0, x)),
    slope: y => Number(y > 0 && y < Math.fround(most))
  }
}

export function leakyRelu(alpha: number): Activation {
  return { name: 'leakyRelu', value: x => (x > 0 ? x : alpha * x), slope: y => (y > 0 ? 1 : alpha) }
}

export function elu(alpha: number): Activation {
  return { name: 'elu', value: x => (x > 0 ? x : alpha * Math.expm1(x)), slope: y => (y > 0 ? 1 : y + alpha) }
}

/** Apply an activation to `length` values at `at` in place. */
export function activate(
  { name, value }: Activation,
  kernels: Kernels,
  memory: KernelMemory,
  at: Address,
  length: number
): void {
  if (name === 'linear') return
  if (name === 'relu' || name === 'tanh' || name === 'sigmoid') kernels[name](at, length)
  else {
    const values = memory.view(at, length)
    for (let i = 0; i < length; i++) values[i] = value(values[i])
  }
}

/**
 * Multiply a gradient in place by the derivative of an activation.
 *
 * @param told - what the activation gave, or what it took when that alone tells
 */
export function differentiate(
  { name, slope, slopeAt }: Activation,
  kernels: Kernels,
  memory: KernelMemory,
  gradientAt: Address,
  told: Address,
  length: number
): void {
  if (name === 'linear') return
  if (name === 'relu' || name === 'tanh' || name === 'sigmoid') kernels[`${name}Gradient`](gradientAt, told, length)
  else {
    const derivative = (slope ?? slopeAt)!
    const gradient = memory.view(gradientAt, length)
    const values = memory.view(told, length)
    for (let i = 0; i < length; i++) gradient[i] *= derivative(values[i])
  }
}

/** Probability that a standard normal is below x. */
function normalDistribution(x: number): number {
  return 0.5 * (1 + errorFunction(x / Math.SQRT2))
}

/** Source: Abramowitz, Stegun, "Handbook of Mathematical Functions", 1964, 7.1.26; off by at most 1.5e-7, and as in tfjs. */
function errorFunction(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x))
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return Math.sign(x) * (1 - tail * Math.exp(-x * x))
}
