import type { Update } from '../learning/averaging/averaging.js'
import type { Rng } from '../learning/rng.js'
import type { Graph } from '../learning/topology/topology.js'
import { outboxCapacity } from '../protocols/outbox.js'
import type { ParsedConditions } from './conditions.js'
import type { MessageNumber, Messages } from './messages.js'
import type { Occurrence, VirtualClock } from './virtual-clock.js'

export interface NetworkInit {
  readonly graph: Graph
  /** Names of the nodes. */
  readonly peers: readonly string[]
  readonly conditions: ParsedConditions
  readonly rng: Rng
  readonly messages: Messages
  /** A message has come out of a link; whether anybody is there to take it is not the network's concern. */
  readonly onArrived: (message: MessageNumber) => void
}

/**
 * Links between virtual nodes that are neighbours, each direction one of its own. A link sends one message after another at
 * its bandwidth, and each arrives a latency later: the order is kept, as over a TCP connection. What is lost has been sent,
 * and never arrives.
 *
 * Of a link there is a number: those of a node begin at its entry of `#starts`, in the order of its neighbours. What every
 * message asks for lies in arrays by that number, for a link's own object would long have left the caches of the processor.
 */
export class Network implements Occurrence {
  readonly #clock: VirtualClock
  readonly #init: NetworkInit
  readonly #indexOf: ReadonlyMap<string, number>
  readonly #starts: Int32Array
  /** Who receives. */
  readonly #receivers: Int32Array
  /** NaN: the link was not used yet. */
  readonly #latenciesMs: Float64Array
  /** Used last. */
  #lastLink = -1
  /** Of links that lose messages. */
  readonly #losses = new Map<number, Loss>()
  /** Of links that take time to send. */
  readonly #outlets = new Map<number, Outlet>()

  constructor(clock: VirtualClock, init: NetworkInit) {
    this.#clock = clock
    this.#init = init
    const { size, neighbours } = init.graph
    this.#indexOf = new Map(init.peers.map((peer, index) => [peer, index]))
    this.#starts = new Int32Array(size + 1)
    for (let node = 0; node < size; node++) this.#starts[node + 1] = this.#starts[node] + neighbours[node].length
    this.#receivers = new Int32Array(this.#starts[size])
    for (let node = 0; node < size; node++) this.#receivers.set(neighbours[node], this.#starts[node])
    this.#latenciesMs = new Float64Array(this.#starts[size]).fill(NaN)
  }

  /** @param peer - a neighbour of `from` */
  send(from: number, peer: string, update: Update, bytes: number): void {
    const link = this.#linkTo(from, peer)
    const to = this.#receivers[link]
    if (Number.isNaN(this.#latenciesMs[link])) this.#draw(link, from, to)
    const message = this.#init.messages.add(from, to, update, bytes)
    const outlet = this.#outlets.size > 0 ? this.#outlets.get(link) : undefined
    if (outlet === undefined) this.#deliver(link, message)
    else outlet.send(message)
  }

  /** A message has come out of its link. */
  happen(message: MessageNumber): void {
    this.#init.onArrived(message)
  }

  /** Forget what waits for a link that is gone. */
  clear(from: number, to: number): void {
    this.#outlets.get(this.#link(from, to))?.clear()
  }

  #deliver(link: number, message: MessageNumber): void {
    if (this.#losses.size > 0 && this.#losses.get(link)?.hits() === true) this.#init.messages.forget(message)
    else this.#clock.afterAt(this.#receivers[link], this.#latenciesMs[link], this, message)
  }

  /**
   * What a node sends to all its neighbours it sends in their order, so the next link is looked at first: the name of a receiver
   * has long left the caches of the processor, and the index would have to read it.
   */
  #linkTo(from: number, peer: string): number {
    const start = this.#starts[from]
    const next = this.#lastLink + 1
    const link = next > start && next < this.#starts[from + 1] ? next : start
    const isIt = this.#init.peers[this.#receivers[link]] === peer
    return (this.#lastLink = isIt ? link : this.#link(from, this.#indexOf.get(peer)!))
  }

  #link(from: number, to: number): number {
    const receivers = this.#receivers
    let low = this.#starts[from]
    let high = this.#starts[from + 1] - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (receivers[middle] < to) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Both directions of a link are alike; which messages get lost differs. */
  #draw(link: number, from: number, to: number): void {
    const { conditions, rng } = this.#init
    const drawn = rng.fork(`${Math.min(from, to)}-${Math.max(from, to)}`)
    this.#latenciesMs[link] = conditions.latencyMs.draw(drawn.fork('latency'))
    const share = conditions.loss.draw(drawn.fork('loss'))
    if (share > 0) this.#losses.set(link, new Loss(share, rng.fork(`${from}-${to}`)))
    if (conditions.megabits === undefined) return
    const bytesPerMs = (conditions.megabits.draw(drawn.fork('bandwidth')) * 1e6) / 8 / 1000
    const deliver = (message: MessageNumber): void => this.#deliver(link, message)
    this.#outlets.set(
      link,
      new Outlet({ clock: this.#clock, from, messages: this.#init.messages, bytesPerMs, deliver })
    )
  }
}

/** Decides which messages of a link get lost. */
class Loss {
  readonly #share: number
  readonly #rng: Rng

  constructor(share: number, rng: Rng) {
    this.#share = share
    this.#rng = rng
  }

  hits(): boolean {
    return this.#rng.uniform() < this.#share
  }
}

interface OutletInit {
  readonly clock: VirtualClock
  /** Who sends. */
  readonly from: number
  readonly messages: Messages
  readonly bytesPerMs: number
  readonly deliver: (message: MessageNumber) => void
}

/** Where messages wait for those before them to be sent. */
class Outlet {
  readonly #init: OutletInit
  readonly #waiting: MessageNumber[] = []
  #busy = false

  constructor(init: OutletInit) {
    this.#init = init
  }

  send(message: MessageNumber): void {
    if (!this.#busy) return this.#transmit(message)
    this.#waiting.push(message)
    if (this.#waiting.length > outboxCapacity) this.#init.messages.forget(this.#waiting.shift()!)
  }

  clear(): void {
    for (const message of this.#waiting.splice(0)) this.#init.messages.forget(message)
  }

  #transmit(message: MessageNumber): void {
    const { clock, from, messages, bytesPerMs, deliver } = this.#init
    this.#busy = true
    clock.afterAt(from, messages.bytes(message) / bytesPerMs, () => {
      this.#busy = false
      deliver(message)
      const next = this.#waiting.shift()
      if (next !== undefined) this.#transmit(next)
    })
  }
}
