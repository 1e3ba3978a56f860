import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'

/** Adds up the gradients of parts of a batch, which take turns in one place. */
export class GradientSum {
  readonly #sum: Address
  readonly #paddedLength: number

  /** @param gradient - where each part's gradient is found, `length` floats with zeros up to the next multiple of four */
  constructor(
    private readonly memory: KernelMemory,
    private readonly gradient: Address,
    length: number
  ) {
    this.#paddedLength = Math.ceil(length / 4) * 4
    this.#sum = memory.reserve(this.#paddedLength)
  }

  clear(): void {
    this.memory.view(this.#sum, this.#paddedLength).fill(0)
  }

  /**
   * Add `weight` times the gradient.
   *
   * @param clipNorm - what its Euclidean norm is scaled down to first when it is larger; undefined: it stays
   */
  add(kernels: Kernels, weight: number, clipNorm?: number): void {
    const scale = clipNorm === undefined ? 1 : Math.min(1, clipNorm / this.#norm(kernels))
    kernels.addScaled(this.gradient, scale * weight, this.#sum, this.#paddedLength)
  }

  /** Put the sum in the gradient's place. */
  write(kernels: Kernels): void {
    kernels.copy(this.#sum, this.gradient, this.#paddedLength)
  }

  #norm(kernels: Kernels): number {
    return Math.sqrt(kernels.squaredNorm(this.gradient, this.#paddedLength))
  }
}
