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

  /** Whether nothing was held yet. */
  get isEmpty(): boolean {
    return this.#held.size === 0
  }

  /**
   * @param round - updates before it are of no use any more
   * @returns the update that had to make room, if any
   */
  hold(from: string, update: Update, round: number): Update | undefined {
    const held = this.#held.get(from) ?? []
    this.#held.set(from, held)
    forgetBefore(held, round)
    let place = held.length
    while (place > 0 && held[place - 1].round > update.round) place--
    held.splice(place, 0, update)
    return held.length > perPeer ? held.splice(perPeer - 1, 1)[0] : undefined
  }

  has(from: string, round: number): boolean {
    return this.#held.get(from)?.some(update => update.round === round) ?? false
  }

  /** Take what `from` sent for `round`, if it did. */
  take(from: string, round: number): Update | undefined {
    const held = this.#held.get(from)
    if (held === undefined) return undefined
    forgetBefore(held, round)
    return held.at(0)?.round === round ? held.shift() : undefined
  }

  /** The newest round that `from` has sent an update for, of those still held. */
  newestRound(from: string): number | undefined {
    return this.#held.get(from)?.at(-1)?.round
  }

  /** Forget all other peers. */
  keep(peers: ReadonlySet<string>): void {
    for (const peer of this.#held.keys()) if (!peers.has(peer)) this.#held.delete(peer)
  }
}

/** Changes `held`. */
function forgetBefore(held: Update[], round: number): void {
  while (held.length > 0 && held[0].round < round) held.shift()
}
