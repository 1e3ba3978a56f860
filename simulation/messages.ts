import type { Update } from '../learning/averaging/averaging.js'
import { copyInto } from './copy-into.js'

const FIRST_CAPACITY = 256

/** The number of a message; another one may get it once it was forgotten. */
export type MessageNumber = number

/** There is no message. */
export const NONE: MessageNumber = -1

/** Where the whole numbers of a message lie, from where they begin. */
const SENDER = 0
const RECEIVER = 1
const BYTES = 2
const NEXT = 3
const NUMBERS = 4

/**
 * Messages from when they are sent until their receiver is told. Whatever there is to know of one lies in arrays by its number:
 * among thousands of nodes an object for each would have left the caches of the processor by the time it arrives, and the
 * garbage collector would copy it twice until then.
 */
export class Messages {
  readonly #updates: (Update | undefined)[] = []
  /** Those of a message beside each other. */
  #numbers = new Int32Array(NUMBERS * FIRST_CAPACITY)
  #times = new Float64Array(FIRST_CAPACITY)
  /** Numbers that were given back, in a row by `next`. */
  #free = NONE

  /** @param bytes - below 2^31 */
  add(from: number, to: number, update: Update, bytes: number): MessageNumber {
    const message = this.#newNumber()
    const at = NUMBERS * message
    this.#updates[message] = update
    this.#numbers[at + SENDER] = from
    this.#numbers[at + RECEIVER] = to
    this.#numbers[at + BYTES] = bytes
    return message
  }

  forget(message: MessageNumber): void {
    this.#updates[message] = undefined
    this.#numbers[NUMBERS * message + NEXT] = this.#free
    this.#free = message
  }

  update(message: MessageNumber): Update {
    return this.#updates[message]!
  }

  sender(message: MessageNumber): number {
    return this.#numbers[NUMBERS * message + SENDER]
  }

  receiver(message: MessageNumber): number {
    return this.#numbers[NUMBERS * message + RECEIVER]
  }

  bytes(message: MessageNumber): number {
    return this.#numbers[NUMBERS * message + BYTES]
  }

  /** It waits at its receiver from now on, the last in the row. */
  arrived(message: MessageNumber, nowMs: number): void {
    this.#times[message] = nowMs
    this.#numbers[NUMBERS * message + NEXT] = NONE
  }

  /** When it arrived. */
  arrivedMs(message: MessageNumber): number {
    return this.#times[message]
  }

  /** Which one waits behind it at its receiver. */
  next(message: MessageNumber): MessageNumber {
    return this.#numbers[NUMBERS * message + NEXT]
  }

  setNext(message: MessageNumber, next: MessageNumber): void {
    this.#numbers[NUMBERS * message + NEXT] = next
  }

  #newNumber(): MessageNumber {
    const message = this.#free
    if (message !== NONE) {
      this.#free = this.next(message)
      return message
    }
    if (this.#updates.length === this.#times.length) this.#grow()
    return this.#updates.length
  }

  #grow(): void {
    const capacity = 2 * this.#times.length
    this.#numbers = copyInto(new Int32Array(NUMBERS * capacity), this.#numbers)
    this.#times = copyInto(new Float64Array(capacity), this.#times)
  }
}
