import type { Clock } from './clock.js'

/** Between two looks at the neighbours. */
const lookEveryMs = 250
/** Each linked neighbour is told this often that this node is there. */
const beatEveryMs = 1000
/** A neighbour that nothing came from for this long is silent: two signs of life were due, and time to spare for one that is busy. */
const silentAfterMs = 2500

export interface LivenessComponents {
  /** Neighbours that are linked. */
  readonly linked: () => readonly string[]
  /** Bytes that came from a peer over the connections that there are. */
  readonly received: (peer: string) => number
  /** Send a sign of life. */
  readonly beat: (peer: string) => void
  /** When a member last announced itself, by the clock; undefined: it is none. */
  readonly announcedAtMs: (peer: string) => number | undefined
  /** Ask all others whether a peer is still there. */
  readonly doubt: (peer: string) => void
  /** A neighbour has fallen silent, or is heard again. */
  readonly onChange: (peer: string, isSilent: boolean) => void
  readonly clock: Clock
}

interface Heard {
  readonly bytes: number
  /** When that last changed. */
  readonly atMs: number
  readonly isSilent: boolean
}

/**
 * Knows within 3 s which linked neighbours live: of one that has frozen, or whose cable was pulled, the connection stays open. Any
 * byte is a sign of life, and each node gives its neighbours one every second. Who is silent is doubted, so that another takes its
 * place: one that is only busy, or that cannot be heard from here, answers the doubt and stays.
 *
 * Source: heartbeats, as in Chandra, Toueg, "Unreliable Failure Detectors for Reliable Distributed Systems", JACM 1996; what is
 * done about a suspicion, see `Doubts`.
 */
export class Liveness {
  readonly #parts: LivenessComponents
  #heard = new Map<string, Heard>()
  #lookedAtMs = -Infinity
  #beatAtMs = -Infinity
  #cancelLook = (): void => {}

  constructor(components: LivenessComponents) {
    this.#parts = components
  }

  start(): void {
    this.#look()
  }

  stop(): void {
    this.#cancelLook()
  }

  isSilent(peer: string): boolean {
    return this.#heard.get(peer)?.isSilent === true
  }

  readonly #look = (): void => {
    const { linked, beat, clock } = this.#parts
    const nowMs = clock.now()
    // When it is we who were busy or frozen, what the others have sent is still to be read.
    const wasAway = nowMs - this.#lookedAtMs > beatEveryMs
    this.#lookedAtMs = nowMs
    const beats = nowMs - this.#beatAtMs >= beatEveryMs
    if (beats) this.#beatAtMs = nowMs
    const before = this.#heard
    this.#heard = new Map()
    for (const peer of linked()) {
      if (beats) beat(peer)
      this.#heard.set(peer, this.#listen(peer, before.get(peer), wasAway, nowMs))
    }
    this.#cancelLook = clock.after(lookEveryMs, this.#look)
  }

  #listen(peer: string, before: Heard | undefined, wasAway: boolean, nowMs: number): Heard {
    const { received, announcedAtMs, doubt, onChange } = this.#parts
    const bytes = received(peer)
    const wasSilent = before?.isSilent === true
    const hasNews = before === undefined || before.bytes !== bytes
    const atMs = hasNews || wasAway ? nowMs : before.atMs
    const isSilent = !hasNews && (wasSilent || nowMs - atMs >= silentAfterMs)
    if (isSilent !== wasSilent) onChange(peer, isSilent)
    if (isSilent && nowMs - (announcedAtMs(peer) ?? nowMs) >= silentAfterMs) doubt(peer)
    return { bytes, atMs, isSilent }
  }
}
