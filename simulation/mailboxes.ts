import type { Event } from '../learning/events.js'
import { NONE, type MessageNumber, type Messages } from './messages.js'

/** Where the numbers of a box lie, from where it begins. */
const FIRST = 0
const LAST = 1
const WAITING = 2
const ENOUGH = 3
const NUMBERS = 4

type UpdateEvent = Extract<Event, { type: 'update' }>

/**
 * What has arrived for each node, and waits until it is enough to tell the node of. An arrival touches numbers beside each
 * other, and no object of the node.
 */
export class Mailboxes {
  readonly #messages: Messages
  /** Names by node. */
  readonly #peers: readonly string[]
  /** Of each node, beside each other: the first message that waits, the last one, how many do, and how many are enough. */
  readonly #boxes: Int32Array
  readonly #bytes: Float64Array
  /** The event handed out last, filled anew for the next: there are too many to make one for each. */
  #event: { -readonly [Field in keyof UpdateEvent]: UpdateEvent[Field] } | undefined

  constructor(peers: readonly string[], messages: Messages) {
    const nodes = peers.length
    this.#messages = messages
    this.#peers = peers
    this.#boxes = new Int32Array(NUMBERS * nodes)
    for (let box = 0; box < this.#boxes.length; box += NUMBERS) {
      this.#boxes[box + FIRST] = NONE
      this.#boxes[box + ENOUGH] = 1
    }
    this.#bytes = new Float64Array(nodes)
  }

  /** What has arrived for a node since the start. */
  bytesReceived(node: number): number {
    return this.#bytes[node]
  }

  /** From now on it takes so many updates to tell the node. */
  expect(node: number, updates: number): void {
    this.#boxes[NUMBERS * node + ENOUGH] = updates
  }

  /** @returns whether it is enough now */
  put(message: MessageNumber, nowMs: number): boolean {
    const messages = this.#messages
    const node = messages.receiver(message)
    const boxes = this.#boxes
    const box = NUMBERS * node
    messages.arrived(message, nowMs)
    if (boxes[box + FIRST] === NONE) boxes[box + FIRST] = message
    else messages.setNext(boxes[box + LAST], message)
    boxes[box + LAST] = message
    this.#bytes[node] += messages.bytes(message)
    return ++boxes[box + WAITING] >= boxes[box + ENOUGH]
  }

  /** Take out what came first, with the time when it came; valid until the next call. */
  next(node: number): Event | undefined {
    const boxes = this.#boxes
    const box = NUMBERS * node
    const message = boxes[box + FIRST]
    if (message === NONE) return undefined
    const messages = this.#messages
    const from = this.#peers[messages.sender(message)]
    const update = messages.update(message)
    const nowMs = messages.arrivedMs(message)
    boxes[box + FIRST] = messages.next(message)
    boxes[box + WAITING]--
    messages.forget(message)
    if (this.#event === undefined) this.#event = { type: 'update', from, update, nowMs }
    else {
      this.#event.from = from
      this.#event.update = update
      this.#event.nowMs = nowMs
    }
    return this.#event
  }
}
