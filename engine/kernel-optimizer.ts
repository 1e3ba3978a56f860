import type { TrainingSettings } from './engine.js'
import type { Address, Kernels } from './kernel-types.js'
import { STATE_VECTORS } from './optimizers.js'

/** Adam's constants, those of tfjs. It keeps them and their powers as float32, and so must who wants its numbers. */
const BETA1 = Math.fround(0.9)
const BETA2 = Math.fround(0.999)
const TAKE1 = 1 - 0.9
const TAKE2 = 1 - 0.999
const EPSILON = 1e-7

/** What a step changes: addresses of equally long vectors. */
export interface StepVectors {
  readonly parameters: Address
  readonly gradient: Address
  /** As many as the optimiser keeps (`STATE_VECTORS`). */
  readonly state: readonly Address[]
  readonly length: number
}

/** Steps of an optimiser in kernel memory, on all parameters at once or on one tensor after another. */
export class KernelOptimizer {
  /** Powers of Adam's decay rates after the steps begun so far. */
  #power1 = 1
  #power2 = 1

  constructor(private readonly training: TrainingSettings) {}

  /** Go on behind so many steps. */
  resume(step: number): void {
    // Nobody else asks for the powers, and where many nodes take turns counting them took as long as a small step.
    if (STATE_VECTORS[this.training.optimizer] < 2) return
    this.#power1 = 1
    this.#power2 = 1
    // Multiplied as tfjs does, for the same rounding; both end at zero.
    for (let t = 0; t < step && this.#power2 > 0; t++) this.begin()
  }

  /** Once a step, before `update`. */
  begin(): void {
    this.#power1 = Math.fround(this.#power1 * BETA1)
    this.#power2 = Math.fround(this.#power2 * BETA2)
  }

  /** Apply the gradient, without the decay of weights; changes parameters and state. */
  update(kernels: Kernels, { parameters, gradient, state, length }: StepVectors): void {
    const { optimizer, learningRate, momentum } = this.training
    const [first, second] = state
    if (optimizer === 'sgd') kernels.sgd(parameters, gradient, learningRate, length)
    else if (optimizer === 'momentum' || optimizer === 'nesterov') {
      kernels[optimizer](parameters, gradient, first, learningRate, momentum, length)
    } else {
      const corrections = [1 - this.#power1, 1 - this.#power2] as const
      const rates = [learningRate, BETA1, BETA2, TAKE1, TAKE2, EPSILON] as const
      kernels.adam(parameters, gradient, first, second, ...rates, ...corrections, length)
    }
  }
}
