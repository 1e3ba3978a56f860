import type { Update } from './averaging/averaging.js'

/**
 * What one peer sent before this node was ready for it: the update for the next averaging and the newest, no more, so that what
 * a peer can make us hold is bounded whatever it sends.
 */
export class Inbox {
  #first: Update | undefined
  /** Of a later round than the first; undefined when there is but one. */
  #newest: Update | undefined

  /** The newest round that an update is held for; 0: there is none. */
  get newestHeld(): number {
    return (this.#newest ?? this.#first)?.round ?? 0
  }

  /**
   * @param update - of a round that none is held for
   * @param round - updates before it are of no use any more
   * @returns the update that had to make room, if any
   */
  hold(update: Update, round: number): Update | undefined {
    this.#forgetBefore(round)
    const first = this.#first
    const newest = this.#newest
    if (first === undefined) this.#first = update
    else if (update.round < first.round) {
      this.#first = update
      if (newest !== undefined) return first
      this.#newest = first
    } else {
      if (newest !== undefined && update.round < newest.round) return update
      this.#newest = update
      return newest
    }
    return undefined
  }

  has(round: number): boolean {
    return this.#first?.round === round || this.#newest?.round === round
  }

  /** Take what was sent for `round`, if it was. */
  take(round: number): Update | undefined {
    this.#forgetBefore(round)
    const first = this.#first
    if (first?.round !== round) return undefined
    this.#shift()
    return first
  }

  #forgetBefore(round: number): void {
    while (this.#first !== undefined && this.#first.round < round) this.#shift()
  }

  #shift(): void {
    this.#first = this.#newest
    this.#newest = undefined
  }
}
