import { median } from './median.js'
import type { Waits } from './waits.js'

/** Bounds of the time that a round waits for its neighbours. */
export interface DeadlineBounds {
  /** @default 3000 */
  readonly minMs: number
  /** @default 30000 */
  readonly maxMs: number
}

export const defaultDeadlineBounds: DeadlineBounds = { minMs: 3000, maxMs: 30_000 }
/** Where nothing is lost by going on: see `Averaging.keepsPace`. */
export const paceDeadlineBounds: DeadlineBounds = { minMs: 200, maxMs: 1000 }

/** For how many of this node's latest rounds a late update still tells how long its sender takes. */
const rememberedRounds = 8
/** Of all peers; kept, because every round asks for their median. */
const patiences: number[] = []

/**
 * How long to wait for neighbours, learned from how long they really take, from the end of our local steps to their
 * update.
 *
 * The round waits for what the (upper) median peer is given (`Waits`), within bounds. So a slow half of the neighbours is
 * waited for, and a slow minority does not decide.
 */
export class Deadline {
  readonly #bounds: DeadlineBounds
  /** The latest rounds whose local steps have ended, each followed by when. */
  readonly #trained = new Array<number>(2 * rememberedRounds).fill(NaN)
  #newest = 0
  /** What `ms` reckoned last, and of whom; undefined: a patience has changed since. */
  #reckonedMs: number | undefined
  #reckonedOf: readonly unknown[] | undefined

  constructor(bounds: DeadlineBounds) {
    this.#bounds = bounds
  }

  /** Since when neighbours are waited for; NaN: not yet. */
  get sinceMs(): number {
    return this.#trained[placeOf(this.#newest) + 1]
  }

  /** Our local steps have ended: neighbours are waited for from now on. */
  trained(round: number, nowMs: number): void {
    this.#newest = round
    const place = placeOf(round)
    this.#trained[place] = round
    this.#trained[place + 1] = nowMs
  }

  /**
   * An update of that round is here, in time or late. One that came before `trained` is to be told again after it.
   *
   * @param waits - of its sender; changed
   */
  heard(waits: Waits, round: number, nowMs: number): void {
    const place = placeOf(round)
    if (this.#trained[place] !== round || round <= this.#newest - rememberedRounds) return
    const { patienceMs } = waits
    waits.add(round, nowMs - this.#trained[place + 1], this.#bounds.minMs)
    if (waits.patienceMs !== patienceMs) this.#reckonedMs = undefined
  }

  /** A peer was waited for in vain. @param waits - of that peer; changed */
  forget(waits: Waits): void {
    waits.clear()
    this.#reckonedMs = undefined
  }

  /**
   * The longest that the round may wait. While no peer has been heard: the middle of the bounds on a logarithmic scale.
   *
   * @param peers - what is remembered of each
   */
  ms(peers: readonly { readonly waits: Waits }[]): number {
    if (peers !== this.#reckonedOf) this.#reckonedMs = undefined
    this.#reckonedOf = peers
    return (this.#reckonedMs ??= this.#reckon(peers))
  }

  #reckon(peers: readonly { readonly waits: Waits }[]): number {
    const { minMs, maxMs } = this.#bounds
    let count = 0
    for (const { waits } of peers) {
      const { patienceMs } = waits
      if (patienceMs !== undefined) patiences[count++] = patienceMs
    }
    return count === 0 ? Math.sqrt(minMs * maxMs) : Math.min(maxMs, median(patiences, count))
  }
}

/** Where a round is in the list of the latest ones. */
function placeOf(round: number): number {
  return 2 * (round % rememberedRounds)
}
