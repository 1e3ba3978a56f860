import { EventQueue } from './event-queue.js'
import type { Work, Workforce } from './workforce.js'

export interface Beginner<T> {
  /** Begin the work; called once each time that it is assigned. */
  begin(): Work<T>
}

/** Work whose result is needed at a known time, again and again: assigned, begun, taken. */
export class Assignment<T> {
  readonly #beginner: Beginner<T>
  #waits = false
  #work: Work<T> | undefined

  constructor(beginner: Beginner<T>) {
    this.#beginner = beginner
  }

  /** It waits to be begun. */
  get waits(): boolean {
    return this.#waits
  }

  assigned(): void {
    this.#waits = true
  }

  begin(): void {
    this.#waits = false
    this.#work = this.#beginner.begin()
  }

  /** The work that was begun; may be assigned again from now on. */
  end(): Work<T> {
    const work = this.#work!
    this.#work = undefined
    return work
  }
}

/**
 * Begins work before virtual time comes to its result, in the order in which results will be taken, so that all workers are busy while
 * this thread averages; and no more of it than the workforce has room for, so that a thousand nodes do not need a thousand vectors.
 */
export class Lookahead {
  readonly #workforce: Pick<Workforce, 'capacity' | 'flush'>
  readonly #waiting: EventQueue<Assignment<unknown>>
  #open = 0

  /** @param windowMs - as of the clock */
  constructor(workforce: Pick<Workforce, 'capacity' | 'flush'>, windowMs: number) {
    this.#workforce = workforce
    this.#waiting = new EventQueue(windowMs)
  }

  /**
   * @param node - whose work it is
   * @param dueMs - virtual time at which the result will be taken
   * @param assignment - begun then or before
   */
  assign<T>(node: number, dueMs: number, assignment: Assignment<T>): void {
    assignment.assigned()
    if (this.#workforce.capacity === 0) return
    this.#waiting.push(dueMs, assignment, 0, node)
    this.#fill()
  }

  /** The result, or a promise of it when it is not there yet. */
  take<T>(assignment: Assignment<T>): T | Promise<T> {
    if (assignment.waits) assignment.begin()
    else this.#open--
    const work = assignment.end()
    this.#fill()
    if (work.result !== undefined) return work.result
    this.#workforce.flush()
    return work.done()
  }

  #fill(): void {
    while (this.#open < this.#workforce.capacity) {
      const next = this.#waiting.pop()
      if (next === undefined) return
      // Begun when it was taken, since there had been no room before.
      if (!next.waits) continue
      next.begin()
      this.#open++
    }
  }
}
