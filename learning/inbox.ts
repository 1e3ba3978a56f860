import type { Update } from './averaging/averaging.js'

/** Updates held for a peer: the one for the next averaging, and the newest. */
const capacity = 2

/**
 * What one peer sent before this node was ready for it: at most two updates, so that what a peer can make us hold is bounded
 * whatever it sends.
 */
export class Inbox {
  /** Ascending by round. */
  readonly #held: Update[] = []

  /** The newest round that an update is held for; 0: there is none. */
  get newestRound(): number {
    return this.#held.length === 0 ? 0 : this.#held[this.#held.length - 1].round
  }

  /**
   * @param round - updates before it are of no use any more
   * @returns the update that had to make room, if any
   */
  hold(update: Update, round: number): Update | undefined {
    this.#forgetBefore(round)
    const held = this.#held
    let place = held.length
    for (; place > 0 && held[place - 1].round > update.round; place--) held[place] = held[place - 1]
    held[place] = update
    return held.length > capacity ? held.splice(capacity - 1, 1)[0] : undefined
  }

  has(round: number): boolean {
    for (const held of this.#held) if (held.round === round) return true
    return false
  }

  /** Take what was sent for `round`, if it was. */
  take(round: number): Update | undefined {
    this.#forgetBefore(round)
    return this.#held.length > 0 && this.#held[0].round === round ? this.#held.shift() : undefined
  }

  #forgetBefore(round: number): void {
    while (this.#held.length > 0 && this.#held[0].round < round) this.#held.shift()
  }
}
