import type { Update } from './averaging/averaging.js'

/** Updates held for a peer: the one for the next averaging, and the newest. */
const perPeer = 2

/**
 * Updates that arrived before this node was ready for them, at most two a peer, so that what a peer can make us hold is
 * bounded whatever it sends.
 */
export class Inbox {
  /** Ascending by round. */
  readonly #held = new Map<string, Update[]>()
  /** Updates held, of all peers. */
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /**
   * @param round - updates before it are of no use any more
   * @returns the update that had to make room, if any
   */
  hold(from: string, update: Update, round: number): Update | undefined {
    let held = this.#held.get(from)
    if (held === undefined) this.#held.set(from, (held = []))
    this.#forgetBefore(held, round)
    let place = held.length
    while (place > 0 && held[place - 1].round > update.round) place--
    held.splice(place, 0, update)
    this.#count++
    if (held.length <= perPeer) return undefined
    this.#count--
    return held.splice(perPeer - 1, 1)[0]
  }

  has(from: string, round: number): boolean {
    return this.#held.get(from)?.some(update => update.round === round) ?? false
  }

  /** Take what `from` sent for `round`, if it did. */
  take(from: string, round: number): Update | undefined {
    const held = this.#held.get(from)
    if (held === undefined) return undefined
    this.#forgetBefore(held, round)
    if (held.at(0)?.round !== round) return undefined
    this.#count--
    return held.shift()
  }

  /** The newest round that `from` has sent an update for, of those still held. */
  newestRound(from: string): number | undefined {
    return this.isEmpty ? undefined : this.#held.get(from)?.at(-1)?.round
  }

  /** Forget all other peers. */
  keep(peers: ReadonlySet<string>): void {
    for (const [peer, { length }] of this.#held) {
      if (peers.has(peer)) continue
      this.#held.delete(peer)
      this.#count -= length
    }
  }

  /** Changes `held`. */
  #forgetBefore(held: Update[], round: number): void {
    while (held.length > 0 && held[0].round < round) {
      held.shift()
      this.#count--
    }
  }
}
