import { EventQueue } from './event-queue.js'
import type { Work, Workforce } from './workforce.js'

export interface Beginner<T> {
  /** Begin the work; called once for each assignment. */
  begin(): Work<T>
}

/** Work whose result is needed at a known time. */
export class Assignment<T> {
  readonly #beginner: Beginner<T>
  #work: Work<T> | undefined

  constructor(beginner: Beginner<T>) {
    this.#beginner = beginner
  }

  get begun(): boolean {
    return this.#work !== undefined
  }

  begin(): Work<T> {
    return (this.#work ??= this.#beginner.begin())
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
   * @param beginner - asked to begin then or before
   */
  assign<T>(dueMs: number, beginner: Beginner<T>): Assignment<T> {
    const assignment = new Assignment(beginner)
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
