import type { Averaging, Neighbour, Update } from '../../learning/averaging/averaging.js'
import type { DeadlineBounds } from '../../learning/deadline.js'
import { consensusDistance } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import type { Action, Event } from '../../learning/events.js'
import { RoundMachine } from '../../learning/round-machine.js'
import { neighbourWeights } from '../../learning/topology/mixing-matrix.js'
import type { Graph } from '../../learning/topology/topology.js'
import { compressorOf } from './machine.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never

export interface VirtualSwarmInit {
  readonly graph: Graph
  readonly length: number
  readonly create: (length: number) => Averaging
  /** @default 'float32' */
  readonly compress?: string
  /** @default 1 */
  readonly seed?: number | string
  /** @default Infinity */
  readonly rounds?: number
  /** @default standard normal */
  readonly initial?: (node: number, rng: Rng) => ArrayLike<number>
  /** Local steps: changes `work`, gives back the loss. @default none, and a loss of 0 */
  readonly train?: (work: Float32Array, node: number) => number
  /** @default 10 */
  readonly trainMs?: (rng: Rng, node: number) => number
  /** Of one message. A link keeps the order of what is sent over it. @default 1 */
  readonly delayMs?: (rng: Rng, from: number, to: number) => number
  /** Share of the messages that get lost. @default 0 */
  readonly loss?: number
  readonly deadline?: DeadlineBounds
}

/** What a node did, and when. */
export type LoggedAction = Action & { readonly atMs: number }

interface VirtualNode {
  readonly machine: RoundMachine
  readonly parameters: Float32Array
  readonly work: Float32Array
  readonly log: LoggedAction[]
  /** Counts the waits of the machine, so that one that was replaced does not ring. */
  wait: number
  asleep: boolean
  /** What the node slept through on its own side: the end of its local steps, its alarms. */
  readonly pending: (() => void)[]
}

/** Round machines on a graph, with a virtual clock and network. Two with the same init do the same, bit for bit. */
export class VirtualSwarm {
  readonly nodes: readonly VirtualNode[]
  nowMs = 0
  readonly #init: VirtualSwarmInit
  readonly #rng: Rng
  readonly #queue: { readonly atMs: number; run(): void }[] = []
  /** When the last message over a link arrives. */
  readonly #busyUntilMs = new Map<string, number>()

  constructor(init: VirtualSwarmInit) {
    this.#init = init
    this.#rng = createRng(init.seed ?? 1).fork('network')
    this.nodes = init.graph.neighbours.map((_, i) => this.#createNode(i))
    for (let i = 0; i < this.nodes.length; i++) this.#tellMembers(i)
  }

  get models(): readonly Float32Array[] {
    return this.nodes.map(({ parameters }) => parameters)
  }

  get rounds(): readonly number[] {
    return this.nodes.map(({ machine }) => machine.round)
  }

  get distance(): number {
    return consensusDistance(this.models)
  }

  /** The mean over nodes, of doubles. */
  get mean(): Float64Array {
    const mean = new Float64Array(this.#init.length)
    for (const model of this.models)
      model.forEach((value, k) => {
        mean[k] += value / this.nodes.length
      })
    return mean
  }

  start(): this {
    for (let i = 0; i < this.nodes.length; i++) this.#handle(i, { type: 'start' })
    return this
  }

  /** Run until nothing is left to happen, or to a time. */
  run(untilMs = Infinity): this {
    while (this.#queue.length > 0 && this.#queue[0].atMs <= untilMs) {
      const next = this.#queue.shift()!
      this.nowMs = next.atMs
      next.run()
    }
    if (untilMs !== Infinity) this.nowMs = untilMs
    return this
  }

  /** The node loses its links and does nothing until it wakes, like a device whose lid was closed. */
  sleep(i: number): void {
    this.nodes[i].asleep = true
    for (const j of this.#init.graph.neighbours[i]) this.#tellMembers(j)
  }

  wake(i: number): void {
    this.nodes[i].asleep = false
    for (const j of [i, ...this.#init.graph.neighbours[i]]) this.#tellMembers(j)
    for (const run of this.nodes[i].pending.splice(0)) run()
  }

  /** Hand a message to a node as if `from` had sent it. */
  inject(from: number, to: number, update: Update): void {
    this.#handle(to, { type: 'update', from: nameOf(from), update })
  }

  #createNode(i: number): VirtualNode {
    const { length, create, compress = 'float32', seed = 1, rounds, initial, deadline } = this.#init
    const rng = createRng(seed).fork(nameOf(i))
    const first = rng.fork('initial')
    const parameters = Float32Array.from(initial?.(i, first) ?? Array.from({ length }, () => first.normal()))
    const work = new Float32Array(length)
    const compressor = compressorOf(compress, length)
    const averaging = create(length)
    const machine = new RoundMachine({ parameters, work, averaging, compressor, rng, localSteps: 1, rounds, deadline })
    return { machine, parameters, work, log: [], wait: 0, asleep: false, pending: [] }
  }

  #tellMembers(i: number): void {
    const neighbours: Neighbour[] = []
    const expected: string[] = []
    for (const { neighbour, ...link } of neighbourWeights(this.#init.graph, i)) {
      if (this.nodes[neighbour].asleep) expected.push(nameOf(neighbour))
      else neighbours.push({ peer: nameOf(neighbour), ...link })
    }
    this.#handle(i, { type: 'members', neighbours, expected, swarmSize: this.nodes.length })
  }

  #handle(i: number, event: WithoutTime<Event>): void {
    const node = this.nodes[i]
    for (const action of node.machine.handle({ ...event, nowMs: this.nowMs })) {
      node.log.push({ ...action, atMs: this.nowMs })
      this.#perform(i, action)
    }
  }

  #perform(i: number, action: Action): void {
    const { train, trainMs } = this.#init
    const node = this.nodes[i]
    if (action.type === 'averaged') node.wait++
    if (action.type === 'send') this.#send(i, Number(action.to), action.update)
    if (action.type === 'wait') {
      const wait = ++node.wait
      this.#afterSleep(i, action.untilMs, () => {
        if (wait === node.wait) this.#handle(i, { type: 'timeout' })
      })
    }
    if (action.type === 'train') {
      const loss = train?.(node.work, i) ?? 0
      const ms = trainMs?.(this.#rng, i) ?? 10
      this.#afterSleep(i, this.nowMs + ms, () => this.#handle(i, { type: 'trained', loss }))
    }
  }

  #send(from: number, to: number, update: Update): void {
    const { delayMs, loss = 0 } = this.#init
    const delay = delayMs?.(this.#rng, from, to) ?? 1
    if (loss > 0 && this.#rng.uniform() < loss) return
    const link = `${from}-${to}`
    const atMs = Math.max(this.nowMs + delay, this.#busyUntilMs.get(link) ?? 0)
    this.#busyUntilMs.set(link, atMs)
    this.#at(atMs, () => {
      if (!this.nodes[from].asleep && !this.nodes[to].asleep) this.inject(from, to, update)
    })
  }

  /** Something that the node does by itself: it waits until the node is awake. */
  #afterSleep(i: number, atMs: number, run: () => void): void {
    const node = this.nodes[i]
    this.#at(atMs, () => {
      if (node.asleep) node.pending.push(run)
      else run()
    })
  }

  #at(atMs: number, run: () => void): void {
    // Behind what is due at the same time: first come, first served.
    let place = this.#queue.length
    while (place > 0 && this.#queue[place - 1].atMs > atMs) place--
    this.#queue.splice(place, 0, { atMs, run })
  }
}

/** Peers are sorted by name; so are the nodes of a graph then. */
export function nameOf(node: number): string {
  return String(node).padStart(3, '0')
}
