const ONE = 2 ** 16
/** The most that a model believes in: 1 in 1024 remains, so a surprise costs 10 bits. */
const LEAST = 2 ** 6
/** A model forgets: after so many bits it weighs each new one alike. */
const MEMORY = 255

/**
 * How likely the next bit is 0, in each of several contexts, from the bits seen there: (zeros + 1/2) / (bits + 1) while
 * there are few, then an average that forgets.
 *
 * Source: Krichevsky, Trofimov, "The Performance of Universal Encoding", IEEE Trans. Inf. Theory 27, 1981.
 */
export class BitModels {
  readonly #chance: Uint16Array
  readonly #seen: Uint8Array

  constructor(contexts: number) {
    this.#chance = new Uint16Array(contexts).fill(ONE / 2)
    this.#seen = new Uint8Array(contexts)
  }

  /** In units of 2^-16, 2^-10 away from 0 and 1. */
  chanceOfZero(context: number): number {
    return this.#chance[context]
  }

  learn(context: number, bit: number): void {
    const seen = this.#seen[context]
    const chance = this.#chance[context] + Math.trunc(((bit === 0 ? ONE : 0) - this.#chance[context]) / (seen + 2))
    this.#chance[context] = Math.min(Math.max(chance, LEAST), ONE - LEAST)
    if (seen < MEMORY) this.#seen[context]++
  }
}
