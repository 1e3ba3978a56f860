import type { Update } from '../learning/averaging/averaging.js'
import { copyInto } from './copy-into.js'

const FIRST_CAPACITY = 256

/** The number of a message; another one may get it once it was forgotten. */
export type MessageNumber = number

/** There is no message. */
export const NONE: MessageNumber = -1

/**
 * Messages from when they are sent until their receiver is told. Whatever there is to know of one lies in arrays by its number:
 * among thousands of nodes an object for each would have left the caches of the processor by the time it arrives, and the
 * garbage collector would copy it twice until then.
 */
export class Messages {
  readonly updates: (Update | undefined)[] = []
  senders = new Int32Array(FIRST_CAPACITY)
  receivers = new Int32Array(FIRST_CAPACITY)
  bytes = new Float64Array(FIRST_CAPACITY)
  /** When it arrived. */
  times = new Float64Array(FIRST_CAPACITY)
  /** Which one waits behind it at its receiver. */
  next = new Int32Array(FIRST_CAPACITY)
  /** Numbers that were given back, in a row by `next`. */
  #free = NONE

  add(from: number, to: number, update: Update, bytes: number): MessageNumber {
    const message = this.#newNumber()
    this.updates[message] = update
    this.senders[message] = from
    this.receivers[message] = to
    this.bytes[message] = bytes
    return message
  }

  forget(message: MessageNumber): void {
    this.updates[message] = undefined
    this.next[message] = this.#free
    this.#free = message
  }

  #newNumber(): MessageNumber {
    const message = this.#free
    if (message !== NONE) {
      this.#free = this.next[message]
      return message
    }
    if (this.updates.length === this.senders.length) this.#grow()
    return this.updates.length
  }

  #grow(): void {
    const capacity = 2 * this.senders.length
    this.senders = copyInto(new Int32Array(capacity), this.senders)
    this.receivers = copyInto(new Int32Array(capacity), this.receivers)
    this.bytes = copyInto(new Float64Array(capacity), this.bytes)
    this.times = copyInto(new Float64Array(capacity), this.times)
    this.next = copyInto(new Int32Array(capacity), this.next)
  }
}
