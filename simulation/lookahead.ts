import { EventQueue } from './event-queue.js'
import type { Work, Workforce } from './workforce.js'

/** Work whose result is needed at a known time. */
export class Assignment<T> {
  readonly #begin: () => Work<T>
  #work: Work<T> | undefined

  constructor(begin: () => Work<T>) {
    this.#begin = begin
  }

  get begun(): boolean {
    return this.#work !== undefined
  }

  begin(): Work<T> {
    return (this.#work ??= this.#begin())
  }
}

/**
 * Begins work before virtual time comes to its result, earliest first, so that all workers are busy while this thread
 * averages; and no more of it than the workforce has room for, so that a thousand nodes do not need a thousand vectors.
 */
export class Lookahead {
  readonly #workforce: Pick<Workforce, 'capacity' | 'flush'>
  readonly #waiting = new EventQueue<Assignment<unknown>>()
  #open = 0

  constructor(workforce: Pick<Workforce, 'capacity' | 'flush'>) {
    this.#workforce = workforce
  }

  /**
   * @param dueMs - virtual time at which the result will be taken
   * @param begin - called once, then or before
   */
  assign<T>(dueMs: number, begin: () => Work<T>): Assignment<T> {
    const assignment = new Assignment(begin)
    if (this.#workforce.capacity > 0) {
      this.#waiting.push(dueMs, assignment)
      this.#fill()
    }
    return assignment
  }

  /** The result, or a promise of it when it is not there yet. */
  take<T>(assignment: Assignment<T>): T | Promise<T> {
    if (assignment.begun) this.#open--
    const work = assignment.begin()
    this.#fill()
    if (work.result !== undefined) return work.result
    this.#workforce.flush()
    return work.done()
  }

  #fill(): void {
    while (this.#open < this.#workforce.capacity) {
      const next = this.#waiting.pop()
      if (next === undefined) return
      if (next.begun) continue
      next.begin()
      this.#open++
    }
  }
}
