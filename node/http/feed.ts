import type { Clock } from '../clock.js'
import type { LiveDelta, LiveNote, LiveRound, LiveSnapshot, LiveState } from './live.js'

/** A reader of the feed. */
export interface FeedClient {
  /** False while what was sent before has not been read. */
  readonly ready: boolean
  /** @param data - one line of JSON */
  send(event: 'snapshot' | 'delta' | 'heartbeat' | 'end', data: string): void
  /** End the connection. */
  close(): void
}

interface Reader {
  /** It missed a delta: it has to begin anew. */
  behind: boolean
  /** Since when it has read nothing; undefined when it is ready. */
  stuckSinceMs: number | undefined
}

/** Deltas are sent at most so often; what changes in between goes together. */
export const tickMs = 500
export const heartbeatMs = 5000
/** A client that reads nothing for this long is let go. */
export const patienceMs = 30_000
/** How much history a client that begins is told. */
const keptRounds = 500
const keptNotes = 200

/**
 * Tells clients what a state is and how it changes. While nobody reads, nothing is looked at. A client that reads too
 * slowly misses deltas and is told everything anew once it has caught up, so what is held for it is bounded.
 */
export class Feed {
  readonly #clock: Clock
  readonly #look: () => Omit<LiveState, 'uptimeSeconds'>
  readonly #startedMs: number
  readonly #readers = new Map<FeedClient, Reader>()
  readonly #rounds: LiveRound[] = []
  readonly #notes: LiveNote[] = []
  #newRounds: LiveRound[] = []
  #newNotes: LiveNote[] = []
  /** JSON of what was told last, by the place in the state where it stands. */
  #told = new Map<string, string>()
  #lastSentMs = 0
  #cancelTick: (() => void) | undefined

  /** @param look - the state now; called at most once a tick and client */
  constructor(clock: Clock, look: () => Omit<LiveState, 'uptimeSeconds'>) {
    this.#clock = clock
    this.#look = look
    this.#startedMs = clock.now()
  }

  addRound(round: LiveRound): void {
    this.#newRounds.push(round)
    keep(this.#rounds, round, keptRounds)
  }

  note(kind: LiveNote['kind'], text: string): void {
    const note = { seconds: this.#seconds, kind, text }
    this.#newNotes.push(note)
    keep(this.#notes, note, keptNotes)
  }

  /** All there is to tell now. */
  snapshot(): LiveSnapshot {
    const state = { ...this.#look(), uptimeSeconds: this.#seconds }
    return { state, rounds: [...this.#rounds], notes: [...this.#notes] }
  }

  get clients(): number {
    return this.#readers.size
  }

  /** Tell a client everything, then what changes. @returns a function that ends it */
  subscribe(client: FeedClient): () => void {
    if (this.#readers.size === 0) this.#begin()
    this.#readers.set(client, { behind: false, stuckSinceMs: undefined })
    client.send('snapshot', JSON.stringify(this.snapshot()))
    return () => {
      this.#readers.delete(client)
      if (this.#readers.size === 0) this.#rest()
    }
  }

  /** Say goodbye to all. */
  close(): void {
    this.#rest()
    const clients = [...this.#readers.keys()]
    this.#readers.clear()
    for (const client of clients) {
      client.send('end', '{}')
      client.close()
    }
  }

  get #seconds(): number {
    return (this.#clock.now() - this.#startedMs) / 1000
  }

  #begin(): void {
    this.#told = partsOf(this.#look())
    this.#newRounds = []
    this.#newNotes = []
    this.#lastSentMs = this.#clock.now()
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick())
  }

  #rest(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick())
    const nowMs = this.#clock.now()
    const delta = this.#delta()
    const heartbeat = delta === undefined && nowMs - this.#lastSentMs >= heartbeatMs
    if (delta !== undefined || heartbeat) this.#lastSentMs = nowMs
    for (const [client, reader] of this.#readers) {
      if (!client.ready) {
        this.#wait(client, reader, nowMs, delta !== undefined)
        continue
      }
      if (reader.behind) client.send('snapshot', JSON.stringify(this.snapshot()))
      else if (delta !== undefined) client.send('delta', delta)
      else if (heartbeat) client.send('heartbeat', '{}')
      reader.behind = false
      reader.stuckSinceMs = undefined
    }
  }

  #wait(client: FeedClient, reader: Reader, nowMs: number, missed: boolean): void {
    reader.behind ||= missed
    reader.stuckSinceMs ??= nowMs
    if (nowMs - reader.stuckSinceMs >= patienceMs) client.close()
  }

  /** @returns as JSON what has changed since it was last asked for; undefined when nothing has */
  #delta(): string | undefined {
    const state = this.#look()
    const parts = partsOf(state)
    const before = this.#told
    const isNew = (part: string): boolean => parts.get(part) !== before.get(part)
    this.#told = parts
    const { nodes, links, ...rest } = state
    const delta: LiveDelta = {
      state: Object.fromEntries(Object.entries(rest).filter(([name]) => isNew(name))),
      nodes: nodes.filter(({ peer }) => isNew(`node ${peer}`)),
      links: links.filter(({ a, b }) => isNew(`link ${a} ${b}`)),
      rounds: this.#newRounds,
      notes: this.#newNotes
    }
    this.#newRounds = []
    this.#newNotes = []
    return Object.values(delta).some(part => Object.keys(part as object).length > 0) ? JSON.stringify(delta) : undefined
  }
}

function partsOf({ nodes, links, ...rest }: Omit<LiveState, 'uptimeSeconds'>): Map<string, string> {
  return new Map([
    ...Object.entries(rest).map(([name, value]) => [name, JSON.stringify(value)] as const),
    ...nodes.map(node => [`node ${node.peer}`, JSON.stringify(node)] as const),
    ...links.map(link => [`link ${link.a} ${link.b}`, JSON.stringify(link)] as const)
  ])
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item)
  if (list.length > most) list.shift()
}
