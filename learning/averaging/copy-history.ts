import type { CopyHeader } from './averaging.js'
import { encodeCopy, MAX_PARTS, type PublicCopy } from './public-copy.js'

/** The latest differences of this node's public copy, for neighbours that missed some. */
export class CopyHistory {
  readonly #copy: PublicCopy
  /** `from`: the version that a difference builds upon. */
  #steps: { readonly from: number; readonly difference: Uint8Array }[] = []

  constructor(copy: PublicCopy) {
    this.#copy = copy
  }

  /** The copy has moved on by `difference`. What is remembered is never longer than a full copy. */
  add(from: number, difference: Uint8Array): void {
    this.#steps.push({ from, difference })
    let bytes = this.#steps.reduce((sum, step) => sum + step.difference.length, 0)
    while (this.#steps.length > MAX_PARTS || bytes > 4 * this.#copy.values.length) {
      bytes -= this.#steps.shift()!.difference.length
    }
  }

  clear(): void {
    this.#steps = []
  }

  /** How many differences ago the copy was of this version; Infinity when that is forgotten. */
  age(version: number | undefined): number {
    if (version === this.#copy.version) return 0
    const at = this.#steps.findIndex(({ from }) => from === version)
    return at < 0 ? Infinity : this.#steps.length - at
  }

  /** What brings who has the copy of this version up to date: differences, or a full copy when they are forgotten. */
  since(version: number | undefined): { readonly payload: Uint8Array } & Omit<CopyHeader, 'held'> {
    const age = this.age(version)
    if (version === undefined || age === Infinity || age === 0) {
      return { version: this.#copy.version, parts: [], payload: encodeCopy(this.#copy.values) }
    }
    const differences = this.#steps.slice(-age).map(({ difference }) => difference)
    const parts = differences.map(({ length }) => length)
    const payload = new Uint8Array(parts.reduce((sum, length) => sum + length, 0))
    let at = 0
    for (const difference of differences) {
      payload.set(difference, at)
      at += difference.length
    }
    return { version, parts, payload }
  }
}
