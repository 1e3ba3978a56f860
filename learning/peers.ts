import type { Neighbour } from './averaging/averaging.js'
import { Inbox } from './inbox.js'
import { Waits } from './waits.js'

/** What a round machine remembers of one peer. */
export class PeerRecord {
  /** Otherwise it is expected to become one. */
  isNeighbour = false
  readonly inbox = new Inbox()
  readonly waits = new Waits()
  /** A deadline passed without it, and it was not heard since. */
  isSilent = false
  /** Where updates are not held back until their round: whether it was heard in this round, and of an earlier one. */
  isBehind = false
  /** The newest round that it was heard of, likewise; 0: none. */
  heardRound = 0

  /** The newest round that it has sent something for; 0: none that we know. */
  get newestRound(): number {
    return this.inbox.newestRound || this.heardRound
  }
}

/** The peers of a round machine, a record each: its neighbours, and those that are about to become some. */
export class Peers {
  #records = new Map<string, PeerRecord>()
  #neighbours: readonly Neighbour[] = []
  #linked: readonly PeerRecord[] = []

  /** Sorted by peer, whether or not it is their turn. */
  get neighbours(): readonly Neighbour[] {
    return this.#neighbours
  }

  get all(): Iterable<PeerRecord> {
    return this.#records.values()
  }

  get(peer: string): PeerRecord | undefined {
    return this.#records.get(peer)
  }

  /** These are all from now on; others are forgotten. */
  set(neighbours: readonly Neighbour[], expected: readonly string[]): void {
    const before = this.#records
    this.#records = new Map()
    for (const peer of expected) this.#add(peer, before).isNeighbour = false
    this.#neighbours = [...neighbours].sort((a, b) => (a.peer < b.peer ? -1 : 1))
    this.#linked = this.#neighbours.map(({ peer }) => this.#add(peer, before))
    for (const record of this.#linked) record.isNeighbour = true
  }

  /** A round begins, in which nobody was heard yet. */
  forgetWhoIsBehind(): void {
    for (const record of this.#records.values()) record.isBehind = false
  }

  /**
   * When all of several neighbours fell silent at once it is rather our own link, or everybody's, that has become slow. Who then
   * ran on alone would send ever more updates that come ever later; so all are waited for again.
   */
  forgiveSilence(): void {
    if (this.#linked.length < 2) return
    for (const { isSilent } of this.#linked) if (!isSilent) return
    for (const record of this.#records.values()) record.isSilent = false
  }

  /**
   * The round that neighbours have reached. The lower median decides, silent ones counting as none, so that one peer alone
   * among several cannot send us into the future.
   */
  get reachedRound(): number {
    const newest = this.#linked.map(({ newestRound }) => newestRound).sort((a, b) => a - b)
    return newest.at((newest.length - 1) >> 1) ?? 0
  }

  #add(peer: string, before: ReadonlyMap<string, PeerRecord>): PeerRecord {
    const record = before.get(peer) ?? new PeerRecord()
    this.#records.set(peer, record)
    return record
  }
}
