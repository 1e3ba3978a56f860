import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'

/** The sum of gradients of single examples, each scaled down to a norm first. */
export class ClippedSum {
  readonly #sum: Address
  readonly #paddedLength: number

  /** @param gradient - where each example's gradient is found, `length` floats with zeros up to the next multiple of four */
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

  /** Add the gradient, its Euclidean norm at most `clipNorm`. */
  add(kernels: Kernels, clipNorm: number): void {
    const norm = Math.sqrt(kernels.squaredNorm(this.gradient, this.#paddedLength))
    kernels.addScaled(this.gradient, norm > clipNorm ? clipNorm / norm : 1, this.#sum, this.#paddedLength)
  }

  /** Put the sum over `rows` examples, divided by their number, in the gradient's place. */
  writeMean(kernels: Kernels, rows: number): void {
    kernels.copy(this.#sum, this.gradient, this.#paddedLength)
    kernels.scale(this.gradient, 1 / rows, this.#paddedLength)
  }
}
