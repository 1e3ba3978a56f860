import type { Neighbour } from './averaging/averaging.js'
import { Inbox } from './inbox.js'
import { isTurn } from './topology/turn.js'
import { Waits } from './waits.js'

/** What a round machine remembers of one peer, and what came early from it. */
export class PeerRecord extends Inbox {
  /** Otherwise it is expected to become one. */
  isNeighbour = false
  readonly waits = new Waits()
  /** A deadline passed without it, and it was not heard since. */
  isSilent = false
  /** Where updates are not held back until their round: whether it was heard in this round, and of an earlier one. */
  isBehind = false
  /** The newest round that it was heard of, likewise; 0: none. */
  heardRound = 0
  /** The round of the exchange that it opened last; -1: none since it is a neighbour. */
  offeredRound = -1
  /** How many exchanges it has opened in `#offersIn`, a round of ours. */
  #offers = 0
  #offersIn = 0

  /** The newest round that it has sent something for; 0: none that we know. */
  get newestRound(): number {
    return this.newestHeld || this.heardRound
  }

  /** It opens an exchange in that round of ours. @returns how many that makes in this round */
  countOffer(round: number): number {
    this.#offers = this.offersIn(round) + 1
    this.#offersIn = round
    return this.#offers
  }

  /** How many exchanges it has opened in that round of ours. */
  offersIn(round: number): number {
    return this.#offersIn === round ? this.#offers : 0
  }

  /** Has it not forgotten what the peer did before it left and returned. */
  continueOffers(before: PeerRecord): void {
    this.#offers = before.#offers
    this.#offersIn = before.#offersIn
  }
}

/**
 * The peers of a round machine, a record each: its neighbours, and those that are about to become some. What every round asks of
 * all of them together is kept here: among thousands of nodes their records have left the caches of the processor.
 */
export class Peers {
  #records: ReadonlyMap<string, PeerRecord> = new Map()
  /** Of those that have left in a round in which they had opened exchanges; mostly there are none. */
  #left: Map<string, PeerRecord> | undefined
  #all: readonly PeerRecord[] = []
  /** Neighbours, sorted by peer. */
  #links: readonly Neighbour[] = []
  #takesTurns = false
  /** Of all neighbours. */
  #linked: readonly PeerRecord[] = []
  /** None has sent anything for a later round. */
  #latestRound = 0
  /** Whether one may be silent. */
  #isAnySilent = false

  get all(): readonly PeerRecord[] {
    return this.#all
  }

  /** How many neighbours there are, whether or not it is their turn. */
  get neighbourCount(): number {
    return this.#links.length
  }

  /** Those whose turn it is, sorted by peer. */
  neighboursOf(round: number): readonly Neighbour[] {
    return this.#takesTurns ? this.#links.filter(({ turn }) => isTurn(turn, round)) : this.#links
  }

  get(peer: string): PeerRecord | undefined {
    return this.#records.get(peer)
  }

  /**
   * These are all from now on; others are forgotten, but for the exchanges that they opened in the round under way.
   *
   * @param round - of ours, under way
   */
  set(neighbours: readonly Neighbour[], expected: readonly string[], round: number): void {
    const records = new Map<string, PeerRecord>()
    const recordOf = (peer: string, isNeighbour: boolean): PeerRecord => {
      const record = this.#records.get(peer) ?? this.#newRecord(peer)
      record.isNeighbour = isNeighbour
      if (!isNeighbour) record.offeredRound = -1
      records.set(peer, record)
      return record
    }
    for (const peer of expected) recordOf(peer, false)
    this.#links = [...neighbours].sort((a, b) => (a.peer < b.peer ? -1 : 1))
    this.#linked = this.#links.map(({ peer }) => recordOf(peer, true))
    this.#takesTurns = this.#links.some(({ turn }) => turn !== undefined)
    const left = [...(this.#left ?? []), ...this.#records].filter(
      ([peer, record]) => !records.has(peer) && record.offersIn(round) > 0
    )
    this.#left = left.length === 0 ? undefined : new Map(left)
    this.#records = records
    this.#all = expected.length === 0 ? this.#linked : [...records.values()]
  }

  #newRecord(peer: string): PeerRecord {
    const record = new PeerRecord()
    const before = this.#left?.get(peer)
    if (before !== undefined) record.continueOffers(before)
    return record
  }

  /** A peer has sent something for that round. */
  heard(round: number): void {
    if (round > this.#latestRound) this.#latestRound = round
  }

  /** A deadline has passed without a peer. */
  silence(record: PeerRecord): void {
    record.isSilent = true
    this.#isAnySilent = true
  }

  /** Whether somebody has sent something for that round or a later one; true also where it is not known. */
  haveReached(round: number): boolean {
    return this.#latestRound >= round
  }

  /** Whether nobody is silent, or has sent something for a round after this one; false also where it is not known. */
  areInStep(round: number): boolean {
    return !this.#isAnySilent && !this.haveReached(round + 1)
  }

  /** A round begins, in which nobody was heard yet. */
  forgetWhoIsBehind(): void {
    for (const record of this.#all) record.isBehind = false
  }

  /**
   * When all of several neighbours fell silent at once it is rather our own link, or everybody's, that has become slow. Who then
   * ran on alone would send ever more updates that come ever later; so all are waited for again.
   */
  forgiveSilence(): void {
    if (!this.#isAnySilent) return
    const isEveryone = this.#linked.length > 1 && this.#linked.every(({ isSilent }) => isSilent)
    if (isEveryone) for (const record of this.#all) record.isSilent = false
    this.#isAnySilent = this.#all.some(({ isSilent }) => isSilent)
  }

  /**
   * The round that neighbours have reached, if it is beyond another one. The lower median decides, silent ones counting as
   * none, so that one peer alone among several cannot send us into the future.
   */
  reachedBeyond(round: number): number | undefined {
    if (!this.haveReached(round + 1)) return undefined
    const newest = this.#linked.map(({ newestRound }) => newestRound).sort((a, b) => a - b)
    const reached = newest[(newest.length - 1) >> 1]
    return reached > round ? reached : undefined
  }
}
