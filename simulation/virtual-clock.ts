import { EventQueue } from './event-queue.js'

/** What happens at some time; a promise when something real has to be waited for before time may go on. */
export type Happening = (() => void | Promise<void>) | Occurrence

/** A happening as an object: one that happens again and again, or has much to remember, costs no closure. */
export interface Occurrence {
  /** @param detail - as `after` was told */
  happen(detail: number): void | Promise<void>
}

/** Time that passes from event to event, however long the machine takes for them. */
export class VirtualClock {
  readonly #queue = new EventQueue<Happening>()
  #nowMs = 0
  #events = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events
  }

  /**
   * @param ms - from now, at least 0
   * @param detail - a whole number of 32 bits, for an occurrence that happens in several ways. @default 0
   */
  after(ms: number, happening: Happening, detail?: number): void {
    this.#queue.push(this.#nowMs + ms, happening, detail)
  }

  /** Go to the next event and let it happen. @returns false when nothing is left, or what has to be waited for */
  step(): boolean | Promise<void> {
    const atMs = this.#queue.nextMs
    const detail = this.#queue.nextDetail
    const happening = this.#queue.pop()
    if (happening === undefined) return false
    this.#nowMs = atMs
    this.#events++
    return (typeof happening === 'function' ? happening() : happening.happen(detail)) ?? true
  }
}
