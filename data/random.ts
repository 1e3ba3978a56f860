/** What this room asks of a source of randomness. `Rng` of learning/ is one. */
export interface Random {
  /** A whole number, uniform in [0, bound). */
  integer(bound: number): number
  /** Uniform in [0, 1). */
  uniform(): number
  /** Standard normal, mean 0 and variance 1. */
  normal(): number
}

/** A shuffled copy of `items` (Fisher-Yates). */
export function shuffled(items: readonly number[], rng: Random): number[] {
  const result = items.slice()
  for (let i = result.length - 1; i > 0; i--) {
    const j = rng.integer(i + 1)
    const held = result[i]
    result[i] = result[j]
    result[j] = held
  }
  return result
}

/** The whole numbers in [start, end). */
export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i)
}
