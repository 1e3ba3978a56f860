/** Vectors of one length, lent for a while. Whoever drives many machines has them share one: they need few at a time. */
export class VectorPool {
  readonly #length: number
  readonly #free: Float32Array[] = []

  constructor(length: number) {
    this.#length = length
  }

  /** A vector that holds anything. */
  take(): Float32Array {
    return this.#free.pop() ?? new Float32Array(this.#length)
  }

  /** @param vector - of this pool; not used by the caller any more */
  giveBack(vector: Float32Array): void {
    this.#free.push(vector)
  }
}
