import { EventQueue } from './event-queue.js'

/** What happens at some time; a promise when something real has to be waited for before time may go on. */
export type Happening = (() => void | Promise<void>) | Occurrence

/** A happening as an object: one that happens again and again, or has much to remember, costs no closure. */
export interface Occurrence {
  /** @param detail - as `afterAt` was told, else 0 */
  happen(detail: number): void | Promise<void>
}

/**
 * Time that passes from event to event, however long the machine takes for them. An event happens to a node or to the whole swarm,
 * and to the swarm when all that is due before has happened, and nothing that is due later.
 */
export class VirtualClock {
  /** Events of nodes that are due before the swarm's next one. */
  readonly #queue: EventQueue<Happening>
  /** Those that are not, by time. */
  readonly #later = new EventQueue<Happening>()
  /** Events of the whole swarm. */
  readonly #swarm = new EventQueue<Happening>()
  #nowMs = 0
  #events = 0

  /**
   * @param windowMs - no node learns of what happens to another one before so much time has passed. Within windows of this length
   *   events then happen node by node, and those of each node by time: thousands of nodes are more than the caches of the processor
   *   hold, and so each is fetched once for several events. 0: all happen by time. @default 0
   */
  constructor(windowMs = 0) {
    this.#queue = new EventQueue(windowMs)
  }

  /** When the event under way happens. From one node to the next it may go back, by less than a window. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events
  }

  /**
   * Have something happen to the whole swarm. When a node's event has it happen within less than a window, some nodes may be beyond it.
   *
   * @param ms - from now, at least 0
   */
  after(ms: number, happening: Happening): void {
    this.#swarm.push(this.#nowMs + ms, happening)
  }

  /**
   * Have something happen to a node.
   *
   * @param ms - from now, at least 0; no less than a window when another node's event is under way
   * @param detail - a whole number of 32 bits, for an occurrence that happens in several ways. @default 0
   */
  afterAt(node: number, ms: number, happening: Happening, detail?: number): void {
    const atMs = this.#nowMs + ms
    const queue = atMs < this.#swarm.nextMs ? this.#queue : this.#later
    queue.push(atMs, happening, detail, node)
  }

  /** Go to the next event and let it happen. @returns false when nothing is left, or what has to be waited for */
  step(): boolean | Promise<void> {
    const swarmMs = this.#swarm.nextMs
    while (this.#later.nextMs < swarmMs) move(this.#later, this.#queue)
    // Only when a node's event has told the clock of one of the swarm.
    while (this.#queue.size > 0 && this.#queue.nextMs >= swarmMs) move(this.#queue, this.#later)
    const next = this.#queue.size > 0 ? this.#queue : this.#swarm
    const atMs = next.nextMs
    const detail = next.nextDetail
    const happening = next.pop()
    if (happening === undefined) return false
    this.#nowMs = atMs
    this.#events++
    return (typeof happening === 'function' ? happening() : happening.happen(detail)) ?? true
  }
}

function move(from: EventQueue<Happening>, to: EventQueue<Happening>): void {
  const { nextMs, nextDetail, nextNode } = from
  to.push(nextMs, from.pop()!, nextDetail, nextNode)
}
