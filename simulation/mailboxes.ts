import type { Event } from '../learning/round-machine.js'
import { NONE, type MessageNumber, type Messages } from './messages.js'

const nothing: readonly Event[] = []

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

  /** Take out what waits, in the order in which it came, each with its own time. */
  take(node: number): readonly Event[] {
    if (this.#waiting[node] === 0) return nothing
    const { updates, senders, times, next } = this.#messages
    const events: Event[] = []
    for (let message = this.#first[node]; message !== NONE;) {
      events.push({
        type: 'update',
        from: this.#peers[senders[message]],
        update: updates[message]!,
        nowMs: times[message]
      })
      const following = next[message]
      this.#messages.forget(message)
      message = following
    }
    this.#first[node] = NONE
    this.#waiting[node] = 0
    return events
  }
}
