import type { Update } from '../learning/averaging/averaging.js'

/** Updates that wait for a slow peer. What does not fit is dropped, oldest first: a newer model is worth more. */
export const outboxCapacity = 4

/** The updates on their way to one peer. Iterating takes them out; it ends after `close`. */
export class Outbox implements AsyncIterable<Update | 'sign of life'> {
  readonly #queue: Update[] = []
  #closed = false
  #idle = true
  /** A sign of life is due. */
  #beats = false
  #wake = (): void => {}
  #waiting: (() => void)[] = []

  /** @returns how many updates were dropped to make room, or 1 for this one after `close` */
  put(update: Update): number {
    if (this.#closed) return 1
    this.#queue.push(update)
    this.#wake()
    return this.#queue.length > outboxCapacity ? this.#queue.splice(0, this.#queue.length - outboxCapacity).length : 0
  }

  /** Hand on a sign of life, unless an update is on its way: that is one. */
  beat(): void {
    if (!this.#idle) return
    this.#beats = true
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#queue.length = 0
    this.#wake()
    this.#tellDrained()
  }

  /** Resolves when everything put in so far has been handed to the stream, or the box was closed. */
  async drained(): Promise<void> {
    if (this.#closed || (this.#idle && this.#queue.length === 0)) return
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Update | 'sign of life'> {
    while (!this.#closed) {
      const next = this.#queue.shift() ?? (this.#beats ? 'sign of life' : undefined)
      this.#beats = false
      if (next !== undefined) {
        this.#idle = false
        yield next
        continue
      }
      this.#idle = true
      this.#tellDrained()
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #tellDrained(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
