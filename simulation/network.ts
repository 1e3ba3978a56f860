import type { Update } from '../learning/averaging/averaging.js'
import type { Rng } from '../learning/rng.js'
import { outboxCapacity } from '../protocols/outbox.js'
import type { ParsedConditions } from './conditions.js'
import type { VirtualClock } from './virtual-clock.js'

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
  /** Of each node that has sent, by who receives. */
  readonly #links: (Map<number, Link> | undefined)[] = []

  constructor(clock: VirtualClock, init: NetworkInit) {
    this.#clock = clock
    this.#init = init
  }

  send(from: number, to: number, update: Update, bytes: number): void {
    const links = (this.#links[from] ??= new Map<number, Link>())
    let link = links.get(to)
    if (link === undefined) links.set(to, (link = this.#createLink(from, to)))
    link.send(update, bytes)
  }

  /** Forget what waits for a link that is gone. */
  clear(from: number, to: number): void {
    this.#links[from]?.get(to)?.clear()
  }

  /** Both directions of a link are alike; which messages get lost differs. */
  #createLink(from: number, to: number): Link {
    const { conditions, rng, onArrived } = this.#init
    const drawn = rng.fork(`${Math.min(from, to)}-${Math.max(from, to)}`)
    const latencyMs = conditions.latencyMs.draw(drawn.fork('latency'))
    const loss = conditions.loss.draw(drawn.fork('loss'))
    const megabits = conditions.megabits?.draw(drawn.fork('bandwidth'))
    return new Link({
      clock: this.#clock,
      onArrived,
      from,
      to,
      latencyMs,
      bytesPerMs: megabits === undefined ? Infinity : (megabits * 1e6) / 8 / 1000,
      loss,
      // Most links lose nothing, and there are many.
      rng: loss > 0 ? rng.fork(`${from}-${to}`) : undefined
    })
  }
}

interface LinkInit extends Pick<NetworkInit, 'onArrived'> {
  readonly clock: VirtualClock
  readonly from: number
  readonly to: number
  readonly latencyMs: number
  readonly bytesPerMs: number
  readonly loss: number
  /** Decides which messages get lost; undefined when none do. */
  readonly rng: Rng | undefined
}

interface Parcel {
  readonly update: Update
  readonly bytes: number
}

/** One direction between two nodes. */
class Link {
  readonly #init: LinkInit
  /** What has to wait for the messages before it; undefined before there was any. */
  #waiting: Parcel[] | undefined
  #busy = false

  constructor(init: LinkInit) {
    this.#init = init
  }

  send(update: Update, bytes: number): void {
    if (this.#init.bytesPerMs === Infinity) this.#deliver(update, bytes)
    else if (!this.#busy) this.#transmit({ update, bytes })
    else {
      this.#waiting ??= []
      this.#waiting.push({ update, bytes })
      if (this.#waiting.length > outboxCapacity) this.#waiting.shift()
    }
  }

  clear(): void {
    this.#waiting = undefined
  }

  #transmit({ update, bytes }: Parcel): void {
    const { clock, bytesPerMs } = this.#init
    this.#busy = true
    clock.after(bytes / bytesPerMs, () => {
      this.#busy = false
      this.#deliver(update, bytes)
      const next = this.#waiting?.shift()
      if (next !== undefined) this.#transmit(next)
    })
  }

  #deliver(update: Update, bytes: number): void {
    const { clock, latencyMs, loss, rng, onArrived, from, to } = this.#init
    if (rng !== undefined && rng.uniform() < loss) return
    clock.after(latencyMs, () => onArrived(from, to, update, bytes))
  }
}
