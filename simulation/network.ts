import type { Update } from '../learning/averaging/averaging.js'
import type { Rng } from '../learning/rng.js'
import { outboxCapacity } from '../protocols/outbox.js'
import type { ParsedConditions } from './conditions.js'
import type { VirtualClock } from './virtual-clock.js'

interface Parcel {
  readonly update: Update
  readonly bytes: number
}

export interface NetworkInit {
  readonly conditions: ParsedConditions
  readonly rng: Rng
  /** A message has come out of a link; whether anybody is there to take it is not the network's concern. */
  readonly onArrived: (from: number, to: number, update: Update, bytes: number) => void
}

/**
 * Links between virtual nodes. A link sends one message after another at its bandwidth, and each arrives a latency later:
 * the order is kept, as over a TCP connection. What is lost has been sent, and never arrives.
 */
export class Network {
  readonly #clock: VirtualClock
  readonly #init: NetworkInit
  readonly #links = new Map<number, Map<number, Link>>()

  constructor(clock: VirtualClock, init: NetworkInit) {
    this.#clock = clock
    this.#init = init
  }

  send(from: number, to: number, update: Update, bytes: number): void {
    const links = this.#links.get(from) ?? new Map<number, Link>()
    this.#links.set(from, links)
    let link = links.get(to)
    if (link === undefined) links.set(to, (link = this.#createLink(from, to)))
    link.send({ update, bytes })
  }

  /** Forget what waits for a link that is gone. */
  clear(from: number, to: number): void {
    this.#links.get(from)?.get(to)?.clear()
  }

  /** Both directions of a link are alike; which messages get lost differs. */
  #createLink(from: number, to: number): Link {
    const { conditions, rng, onArrived } = this.#init
    const drawn = rng.fork(`${Math.min(from, to)}-${Math.max(from, to)}`)
    const megabits = conditions.megabits?.draw(drawn.fork('bandwidth'))
    return new Link(this.#clock, {
      latencyMs: conditions.latencyMs.draw(drawn.fork('latency')),
      bytesPerMs: megabits === undefined ? Infinity : (megabits * 1e6) / 8 / 1000,
      loss: conditions.loss.draw(drawn.fork('loss')),
      rng: rng.fork(`${from}-${to}`),
      onArrived: ({ update, bytes }) => onArrived(from, to, update, bytes)
    })
  }
}

interface LinkInit {
  readonly latencyMs: number
  readonly bytesPerMs: number
  readonly loss: number
  readonly rng: Rng
  readonly onArrived: (parcel: Parcel) => void
}

/** One direction between two nodes. */
class Link {
  readonly #clock: VirtualClock
  readonly #init: LinkInit
  readonly #waiting: Parcel[] = []
  #busy = false

  constructor(clock: VirtualClock, init: LinkInit) {
    this.#clock = clock
    this.#init = init
  }

  send(parcel: Parcel): void {
    if (!this.#busy) {
      this.#transmit(parcel)
      return
    }
    this.#waiting.push(parcel)
    if (this.#waiting.length > outboxCapacity) this.#waiting.shift()
  }

  clear(): void {
    this.#waiting.length = 0
  }

  #transmit(parcel: Parcel): void {
    const { bytesPerMs } = this.#init
    if (bytesPerMs === Infinity) {
      this.#deliver(parcel)
      return
    }
    this.#busy = true
    this.#clock.after(parcel.bytes / bytesPerMs, () => {
      this.#busy = false
      this.#deliver(parcel)
      const next = this.#waiting.shift()
      if (next !== undefined) this.#transmit(next)
    })
  }

  #deliver(parcel: Parcel): void {
    const { latencyMs, loss, rng, onArrived } = this.#init
    if (loss > 0 && rng.uniform() < loss) return
    this.#clock.after(latencyMs, () => onArrived(parcel))
  }
}
