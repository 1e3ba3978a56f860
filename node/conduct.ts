import type { RejectReason } from '../learning/averaging/averaging.js'
import type { Fault } from '../protocols/index.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

/** Why something that a peer did was refused. */
export type Offence = RejectReason | Fault

/** How much an offence weighs; those that are not named happen to honest peers too, and weigh nothing. */
const weights: Partial<Record<Offence, number>> = {
  malformed: 50,
  flooding: 50,
  'not-finite': 20,
  implausible: 5,
  unexpected: 5,
  'too-far-ahead': 5,
  duplicate: 1
}
/** Below twice the gravest: the first of two has faded a little by the time of the second. */
const banAt = 90
/** Half of a score is forgiven in this time. */
const halfLifeMs = 60_000
const firstBanMs = 60_000
const longestBanMs = 3600_000
/** Peers that are remembered; of more, those that were quiet for longest are forgotten. */
const maxPeers = 4096

interface Known {
  readonly counts: Map<Offence, number>
  score: number
  scoredAtMs: number
  bannedUntilMs: number
  bans: number
}

export interface ConductInit {
  /** A peer is banned: end what there is with it. */
  readonly onBan: (peer: string) => void
}

/** What peers did that was refused, counted by reason; who does too much of it is banned for a while. */
export class Conduct {
  readonly #parts: { readonly clock: Clock; readonly log: Logger }
  readonly #init: ConductInit
  readonly #peers = new Map<string, Known>()
  /** Counts of all peers, those forgotten too. */
  readonly #total = new Map<Offence, number>()
  #bans = 0

  constructor(components: { readonly clock: Clock; readonly log: Logger }, init: ConductInit) {
    this.#parts = components
    this.#init = init
  }

  /** By reason, over all peers. */
  get total(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#total)
  }

  /** By reason, of each peer that there is something of. */
  get each(): readonly (readonly [peer: string, counts: Readonly<Record<string, number>>])[] {
    return [...this.#peers.keys()].map(peer => [peer, this.of(peer)])
  }

  /** By reason. */
  of(peer: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#peers.get(peer)?.counts ?? [])
  }

  /** Of all peers, those that are over too. */
  get bans(): number {
    return this.#bans
  }

  isBanned(peer: string): boolean {
    return (this.#peers.get(peer)?.bannedUntilMs ?? -Infinity) > this.#parts.clock.now()
  }

  /** Count an offence, and ban the peer when it is one too many. */
  record(peer: string, offence: Offence, detail?: string): void {
    const { clock, log } = this.#parts
    log.debug('rejected', { peer, reason: offence, detail })
    const nowMs = clock.now()
    const known = this.#remember(peer)
    known.counts.set(offence, (known.counts.get(offence) ?? 0) + 1)
    this.#total.set(offence, (this.#total.get(offence) ?? 0) + 1)
    known.score = known.score * 0.5 ** ((nowMs - known.scoredAtMs) / halfLifeMs) + (weights[offence] ?? 0)
    known.scoredAtMs = nowMs
    if (known.score < banAt || this.isBanned(peer)) return
    const ms = Math.min(longestBanMs, firstBanMs * 2 ** known.bans++)
    known.bannedUntilMs = nowMs + ms
    this.#bans++
    known.score = 0
    log.warn('peer banned for a while', { peer, reason: offence, seconds: ms / 1000, rejected: this.of(peer) })
    this.#init.onBan(peer)
  }

  #remember(peer: string): Known {
    const known = this.#peers.get(peer) ?? {
      counts: new Map<Offence, number>(),
      score: 0,
      scoredAtMs: this.#parts.clock.now(),
      bannedUntilMs: -Infinity,
      bans: 0
    }
    // To the end, so that the first is the one that was quiet for longest.
    this.#peers.delete(peer)
    this.#peers.set(peer, known)
    for (const [quietest] of this.#peers) {
      if (this.#peers.size <= maxPeers) break
      this.#peers.delete(quietest)
    }
    return known
  }
}
