/** Bounds of the time that a round waits for its neighbours. */
export interface DeadlineBounds {
  /** @default 3000 */
  readonly minMs: number
  /** @default 30000 */
  readonly maxMs: number
}

export const defaultDeadlineBounds: DeadlineBounds = { minMs: 3000, maxMs: 30_000 }
/** Where nothing is lost by going on: see `Averaging.keepsPace`. */
export const paceDeadlineBounds: DeadlineBounds = { minMs: 200, maxMs: 30_000 }

/** How many of a peer's latest waits are remembered. */
const waitsPerPeer = 16
/** For how many of this node's latest rounds a late update still tells how long its sender takes. */
const rememberedRounds = 8

interface Waits {
  /** The newest round among them: a peer counts once a round, whatever it sends. */
  round: number
  /** The latest few; the oldest is at `heard` modulo `waitsPerPeer`. */
  readonly ms: number[]
  /** How many there were. */
  heard: number
  /** What they give the peer; reckoned once for each wait, for a round asks for it of all peers. */
  patienceMs: number
}

/**
 * How long to wait for neighbours, learned from how long they really take, from the end of our local steps to their
 * update.
 *
 * A peer is given twice its median plus 8 median absolute deviations; the round waits for what the (upper) median peer
 * is given, within bounds. So a slow half of the neighbours is waited for, and a slow minority does not decide. A peer
 * that did not answer at all stops counting until it is heard again.
 */
export class Deadline {
  readonly #bounds: DeadlineBounds
  /** The latest rounds whose local steps have ended, and when; a round is at its remainder. */
  readonly #rounds: number[] = []
  readonly #trainedMs: number[] = []
  #newest = 0
  readonly #waits = new Map<string, Waits>()

  constructor(bounds: DeadlineBounds) {
    this.#bounds = bounds
  }

  /** Our local steps have ended: neighbours are waited for from now on. */
  trained(round: number, nowMs: number): void {
    this.#newest = round
    this.#rounds[round % rememberedRounds] = round
    this.#trainedMs[round % rememberedRounds] = nowMs
  }

  /** An update of that round is here, in time or late. One that came before `trained` is to be told again after it. */
  heard(peer: string, round: number, nowMs: number): void {
    const place = round % rememberedRounds
    if (this.#rounds[place] !== round || round <= this.#newest - rememberedRounds) return
    const waits = this.#waits.get(peer) ?? { round: -Infinity, ms: [], heard: 0, patienceMs: 0 }
    if (round <= waits.round) return
    waits.round = round
    waits.ms[waits.heard++ % waitsPerPeer] = nowMs - this.#trainedMs[place]
    waits.patienceMs = patience(waits.ms)
    if (waits.heard === 1) this.#waits.set(peer, waits)
  }

  /** A round has waited for this peer in vain. */
  missed(peer: string): void {
    this.#waits.delete(peer)
  }

  /** Forget all other peers. */
  keep(peers: ReadonlySet<string>): void {
    for (const peer of this.#waits.keys()) if (!peers.has(peer)) this.#waits.delete(peer)
  }

  /** The longest that the round may wait. While nobody counts: the middle of the bounds on a logarithmic scale. */
  get ms(): number {
    const { minMs, maxMs } = this.#bounds
    if (this.#waits.size === 0) return Math.sqrt(minMs * maxMs)
    let count = 0
    for (const { patienceMs } of this.#waits.values()) insert(patienceMs, count++)
    return Math.min(maxMs, Math.max(minMs, sorted[count >> 1]))
  }
}

/** What a median is being taken of; kept, because every update asks for medians. Those behind the ones inserted mean nothing. */
const sorted: number[] = []

/** Put a value in its place among the first `count` of `sorted`: there are few. The median of n is then at n >> 1, the upper of two. */
function insert(value: number, count: number): void {
  let place = count
  for (; place > 0 && sorted[place - 1] > value; place--) sorted[place] = sorted[place - 1]
  sorted[place] = value
}

/** Twice the median and 8 median absolute deviations. */
function patience(values: readonly number[]): number {
  const half = values.length >> 1
  for (let i = 0; i < values.length; i++) insert(values[i], i)
  const middle = sorted[half]
  for (let i = 0; i < values.length; i++) insert(Math.abs(values[i] - middle), i)
  return 2 * (middle + 8 * sorted[half])
}
