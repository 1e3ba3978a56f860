import type { RejectReason, Update } from './averaging.js'
import type { IncrementLog } from './increment-log.js'
import { isAnswer, MAX_INCREMENTS, type Increment, type IncrementsMessage } from './increments-message.js'

/** For so many rounds after something got lost, a link is not trusted. */
const unreliableRounds = 16
/** After so many rounds without a word, a neighbour is sent no increments any more until it speaks again. */
const patienceRounds = 8

/** How far ahead of us a message may be before we stop believing it: months of absence. */
const maxRoundsAhead = 1_000_000
/** Messages in a row that are taken to be on their way when none is acknowledged; then all is sent again. */
const mostUnacknowledged = 16

/** What a neighbour has told last. */
interface Told extends Pick<IncrementsMessage, 'lineage' | 'progress' | 'acknowledged' | 'asks'> {
  /** The neighbour itself. */
  readonly origin: number
  readonly versions: ReadonlyMap<number, number>
  readonly wanted: readonly number[]
}

/** Versions of an origin that were sent together. */
interface Span {
  readonly first: number
  readonly last: number
}

/** What one neighbour has, wants, and was sent. */
export class IncrementLink {
  told: Told | undefined
  /** The neighbour's round from which the latest message is; 0: none. */
  acknowledged = 0
  /** Our round in which that came. */
  heardIn = 0
  /** Origins of which it sent what was refused: they are had from others. */
  readonly refused = new Set<number>()
  /** What may be on its way, or lost, by the round in which it was sent. */
  #sent: { readonly round: number; readonly spans: ReadonlyMap<number, Span> }[] = []
  #snapshotRound = 0
  /** Until then, what it has not acknowledged is sent again every time. */
  #unreliableUntil = 0
  /** How often we have asked it for a snapshot since it sent one. */
  asks = 0

  /** Why a message is not looked at; undefined when it is, and then counts. */
  refuses({ round, payload }: Update, ours: number): RejectReason | undefined {
    const answers = round === this.acknowledged && isAnswer(payload)
    if (round <= this.acknowledged && !answers) return round < ours ? 'stale' : 'duplicate'
    if (round > ours + maxRoundsAhead) return 'too-far-ahead'
    this.acknowledged = round
    this.heardIn = ours
    return undefined
  }

  heard({ lineage, progress, acknowledged, asks, vector }: IncrementsMessage): void {
    const versions = new Map(vector.map(({ origin, version }) => [origin, version]))
    const wanted = vector.filter(entry => entry.wanted).map(({ origin }) => origin)
    this.told = { lineage, progress, acknowledged, asks, origin: vector[0].origin, versions, wanted }
    // A link keeps the order: what was sent before has arrived too, or got lost.
    const settled = this.#sent.filter(({ round }) => round <= acknowledged)
    this.#sent = this.#sent.filter(({ round }) => round > acknowledged)
    const isLost = ([origin, { last }]: readonly [number, Span]): boolean => (versions.get(origin) ?? 0) < last
    if (settled.some(({ spans }) => [...spans].some(isLost))) this.#unreliableUntil = this.heardIn + unreliableRounds
  }

  /** What it has of an origin, as far as it has told. */
  versionOf(origin: number): number {
    return this.told?.versions.get(origin) ?? 0
  }

  /** Whether it shall get a snapshot: it asked for one after the last had been sent. */
  isOwedSnapshot(): boolean {
    return this.told !== undefined && this.told.asks && this.told.acknowledged >= this.#snapshotRound
  }

  snapshotSent(round: number): void {
    this.#snapshotRound = round
  }

  /**
   * What to send now, which is then taken to be on its way: of the origins that it wants what it lacks, oldest first. Who
   * has not heard us yet gets the newest increment of our own.
   *
   * @param self - this node, as an origin
   * @param maxBytes - of all together
   */
  take(log: IncrementLog, self: number, round: number, maxBytes: number): Increment[] {
    const { told } = this
    if (told !== undefined && round - this.heardIn > patienceRounds) return []
    if (this.#sent.length >= mostUnacknowledged) this.#sent = []
    const taken: Increment[] = []
    const spans = new Map<number, Span>()
    let bytes = 0
    const isNew = told === undefined || told.acknowledged === 0
    for (const origin of isNew ? [self] : told.wanted) {
      const has = isNew ? Math.max(log.versionOf(self) - 1, this.versionOf(self)) : this.versionOf(origin)
      const first = (round < this.#unreliableUntil ? has : this.#arriving(origin, has)) + 1
      for (const increment of log.since(origin, first - 1) ?? []) {
        bytes += increment.payload.length
        if (bytes > maxBytes || taken.length === MAX_INCREMENTS) break
        taken.push(increment)
        spans.set(origin, { first, last: increment.version })
      }
    }
    this.#sent.push({ round, spans })
    return taken
  }

  /** The version that it gets to with what is on its way: what follows something that got lost is of no use to it. */
  #arriving(origin: number, has: number): number {
    let version = has
    for (const { spans } of this.#sent) {
      const span = spans.get(origin)
      if (span !== undefined && span.first <= version + 1) version = Math.max(version, span.last)
    }
    return version
  }
}
