import type { Event } from '../learning/events.js'
import { NONE, type MessageNumber, type Messages } from './messages.js'

type UpdateEvent = Extract<Event, { type: 'update' }>

/**
 * What has arrived for each node, and waits until it is enough to tell the node of. An arrival touches numbers beside each
 * other, and no object of the node.
 */
export class Mailboxes {
  readonly #messages: Messages
  /** Names by node. */
  readonly #peers: readonly string[]
  /** What waits for each node: the first message, the last one, and how many there are. */
  readonly #first: Int32Array
  readonly #last: Int32Array
  readonly #waiting: Int32Array
  /** How many are enough. */
  readonly #enough: Int32Array
  readonly #bytes: Float64Array
  /** The event handed out last, filled anew for the next: there are too many to make one for each. */
  #event: { -readonly [Field in keyof UpdateEvent]: UpdateEvent[Field] } | undefined

  constructor(peers: readonly string[], messages: Messages) {
    const nodes = peers.length
    this.#messages = messages
    this.#peers = peers
    this.#first = new Int32Array(nodes).fill(NONE)
    this.#last = new Int32Array(nodes).fill(NONE)
    this.#waiting = new Int32Array(nodes)
    this.#enough = new Int32Array(nodes).fill(1)
    this.#bytes = new Float64Array(nodes)
  }

  /** What has arrived for a node since the start. */
  bytesReceived(node: number): number {
    return this.#bytes[node]
  }

  /** From now on it takes so many updates to tell the node. */
  expect(node: number, updates: number): void {
    this.#enough[node] = updates
  }

  /** @returns whether it is enough now */
  put(message: MessageNumber, nowMs: number): boolean {
    const { receivers, bytes, times, next } = this.#messages
    const node = receivers[message]
    times[message] = nowMs
    next[message] = NONE
    if (this.#first[node] === NONE) this.#first[node] = message
    else next[this.#last[node]] = message
    this.#last[node] = message
    this.#bytes[node] += bytes[message]
    return ++this.#waiting[node] >= this.#enough[node]
  }

  /** Take out what came first, with the time when it came; valid until the next call. */
  next(node: number): Event | undefined {
    const message = this.#first[node]
    if (message === NONE) return undefined
    const { updates, senders, times, next } = this.#messages
    const from = this.#peers[senders[message]]
    const update = updates[message]!
    const nowMs = times[message]
    this.#first[node] = next[message]
    this.#waiting[node]--
    this.#messages.forget(message)
    if (this.#event === undefined) this.#event = { type: 'update', from, update, nowMs }
    else {
      this.#event.from = from
      this.#event.update = update
      this.#event.nowMs = nowMs
    }
    return this.#event
  }
}
