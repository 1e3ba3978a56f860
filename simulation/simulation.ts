import { setFlagsFromString } from 'node:v8'
import type { Neighbour, RejectReason } from '../learning/averaging/averaging.js'
import { createScratch } from '../learning/averaging/scratch.js'
import { createCompressor } from '../learning/compression/create-compressor.js'
import { letGarbageGrow } from '../learning/compression/own-bytes.js'
import type { Layout } from '../learning/parameters.js'
import { createRng, type Rng } from '../learning/rng.js'
import type { RoundMemory } from '../learning/round-memory/round-memory.js'
import type { Sharing } from '../learning/sharing.js'
import type { RoundResult } from '../learning/events.js'
import { VectorPool } from '../learning/vector-pool.js'
import { neighbourWeights } from '../learning/topology/mixing-matrix.js'
import type { Graph } from '../learning/topology/topology.js'
import type { ParsedConditions } from './conditions.js'
import { Lookahead } from './lookahead.js'
import { Mailboxes } from './mailboxes.js'
import { Messages, type MessageNumber } from './messages.js'
import { Network } from './network.js'
import { VirtualClock } from './virtual-clock.js'
import { VirtualNode, type VirtualNodeComponents, type VirtualRound } from './virtual-node.js'
import type { Workforce } from './workforce.js'

export interface SimulationInit {
  /** Peer ids, ascending: node i of the graph is the i-th, as on a device. */
  readonly peers: readonly string[]
  readonly graph: Graph
  readonly layout: Layout
  /** Model of each node to begin with; copied. */
  readonly initial: (node: number) => Float32Array
  readonly averaging: string
  readonly compress: string
  readonly localSteps: number
  /** Rounds without local steps. @default none */
  readonly sharing?: Sharing
  /** Makes what a node remembers from round to round, in a vector of zeros. @default nothing */
  readonly createMemory?: (state: Float32Array) => RoundMemory
  readonly seed: number
  readonly rounds: number
  /** 0: never. */
  readonly evaluateEvery: number
  /** Whether a node is evaluated. @default all are */
  readonly evaluates?: (node: number) => boolean
  readonly conditions: ParsedConditions
  /** An averaging has ended; `parameters` is the model at this instant. */
  readonly onAveraged?: (node: number, result: RoundResult, parameters: Float32Array) => void
  /** A round has been evaluated, if that was due. */
  readonly onRound?: (node: number, round: VirtualRound) => void
  /** A node has gone for good. */
  readonly onLeft?: (node: number) => void
  readonly onRejected?: (node: number, peer: string, reason: RejectReason) => void
}

/** After so many events the thread looks at what else has happened, such as Ctrl-C. */
const eventsPerTurn = 256

/**
 * What lives until its virtual delivery has outlived a few collections, from which V8 concludes that its like are to be made among
 * the old objects at once; and there they are garbage soon after, by far more than is collected cheaply. And old objects may become
 * three times as many before they are looked through: they are the nodes, of which there may be thousands.
 */
const collectorFlags = ['--no-allocation-site-pretenuring', '--heap-growing-percent=200']

/** Of a window without rounding: times are rounded. */
const windowShare = 1 - 1e-6

const ignore = (): void => {}

/**
 * A swarm of virtual nodes: the round machines, codecs and engine of a device on a virtual clock and network. The same init
 * gives the same run, bit for bit, whoever trains.
 */
export class Simulation {
  readonly clock: VirtualClock
  readonly nodes: readonly VirtualNode[]
  readonly #init: SimulationInit
  readonly #network: Network
  readonly #messages = new Messages()
  readonly #mailboxes: Mailboxes
  /** Nodes that have not finished, or still wait for their last evaluation. */
  readonly #learning: Set<number>
  /** Of each node; only nodes of the same group reach each other. */
  readonly #groups: Int32Array
  /**
   * 1 for each node that is online, beside each other: an arrival looks at its sender too, which has long left the caches of
   * the processor.
   */
  readonly #online: Uint8Array
  /** Nodes that have gone for good. */
  readonly #left = new Set<number>()
  #stopped = false

  constructor(workforce: Workforce, init: SimulationInit) {
    this.#init = init
    const { peers, graph, layout, compress, seed, conditions } = init
    const rng = createRng(seed).fork('simulation')
    const stepMs = drawStepTimes(graph.size, conditions, rng)
    const windowMs = windowOf(workforce, init, stepMs)
    this.clock = new VirtualClock(windowMs)
    this.#learning = new Set(peers.keys())
    this.#groups = new Int32Array(peers.length)
    this.#online = new Uint8Array(peers.length).fill(1)
    this.#mailboxes = new Mailboxes(peers, this.#messages)
    this.#network = new Network(this.clock, {
      graph,
      peers,
      conditions,
      rng: rng.fork('links'),
      messages: this.#messages,
      onArrived: message => this.#arrived(message)
    })
    const parts: VirtualNodeComponents = {
      clock: this.clock,
      workforce,
      lookahead: new Lookahead(workforce, windowMs),
      mailboxes: this.#mailboxes,
      compressor: createCompressor(compress, layout),
      scratch: createScratch(layout.size),
      bases: new VectorPool(layout.size),
      averaging: init.averaging,
      swarmSize: peers.length,
      localSteps: init.localSteps,
      sharing: init.sharing,
      createMemory: init.createMemory,
      rounds: init.rounds,
      onSend: (node, to, update, bytes) => this.#network.send(node, to, update, bytes),
      onAveraged: init.onAveraged ?? ignore,
      onRound: init.onRound ?? ignore,
      onRejected: init.onRejected ?? ignore,
      onFinished: node => this.#learning.delete(node)
    }
    this.nodes = peers.map((_, index) => this.#createNode(index, parts, stepMs[index]))
  }

  get models(): readonly Float32Array[] {
    return this.nodes.map(({ parameters }) => parameters)
  }

  /**
   * Run until every node has finished, nothing is left to happen, or `stop`. Called once.
   *
   * @throws EngineError when the workforce fails
   */
  async run(): Promise<void> {
    for (const flag of collectorFlags) setFlagsFromString(flag)
    const { peers, layout } = this.#init
    const stopGrowth = letGarbageGrow(peers.length * layout.size * Float32Array.BYTES_PER_ELEMENT)
    try {
      await this.#run()
    } finally {
      stopGrowth()
    }
  }

  /** End the run after the event under way. */
  stop(): void {
    this.#stopped = true
  }

  async #run(): Promise<void> {
    for (const [index, node] of this.nodes.entries()) {
      this.#tellMembers(index)
      node.start()
    }
    while (!this.#stopped && this.#learning.size > 0) {
      const happened = this.clock.step()
      if (happened === false) return
      if (happened !== true) await happened
      if (this.clock.events % eventsPerTurn === 0) await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** The node loses its links and does nothing until it wakes. */
  sleep(index: number): void {
    this.#online[index] = 0
    this.nodes[index].sleep()
    this.#reachChanged([index])
  }

  /** The node goes on, unless it has gone for good. */
  wake(index: number): void {
    if (this.#left.has(index)) return
    this.#online[index] = 1
    this.nodes[index].wake()
    this.#reachChanged([index])
  }

  /** The node goes for good; nobody waits for it to finish. */
  leave(index: number): void {
    this.sleep(index)
    this.#left.add(index)
    this.#learning.delete(index)
    this.#init.onLeft?.(index)
  }

  /** Cut all links between nodes of different groups; one group heals the swarm. */
  partition(groupOf: (node: number) => number): void {
    for (const index of this.nodes.keys()) this.#groups[index] = groupOf(index)
    this.#reachChanged([...this.nodes.keys()])
  }

  #createNode(index: number, parts: VirtualNodeComponents, stepMs: number): VirtualNode {
    const { peers, initial, seed, evaluateEvery, evaluates } = this.#init
    return new VirtualNode(parts, {
      index,
      parameters: initial(index).slice(),
      rng: createRng(seed).fork(peers[index]),
      evaluateEvery: (evaluates?.(index) ?? true) ? evaluateEvery : 0,
      stepMs
    })
  }

  #arrived(message: MessageNumber): void {
    const messages = this.#messages
    const to = messages.receiver(message)
    if (!this.#reaches(messages.sender(message), to)) messages.forget(message)
    else if (this.#mailboxes.put(message, this.clock.nowMs)) this.nodes[to].updatesArrived()
  }

  #reaches(a: number, b: number): boolean {
    return this.#online[a] === 1 && this.#online[b] === 1 && this.#groups[a] === this.#groups[b]
  }

  /** Tell some nodes and their neighbours who can be reached now. */
  #reachChanged(nodes: readonly number[]): void {
    const told = new Set(nodes)
    for (const node of nodes) for (const neighbour of this.#init.graph.neighbours[node]) told.add(neighbour)
    for (const node of told) this.#tellMembers(node)
  }

  #tellMembers(index: number): void {
    const { graph, peers } = this.#init
    const neighbours: Neighbour[] = []
    const expected: string[] = []
    for (const { neighbour, ...link } of neighbourWeights(graph, index)) {
      const peer = peers[neighbour]
      if (this.#reaches(index, neighbour)) {
        neighbours.push({ peer, ...link })
        continue
      }
      expected.push(peer)
      this.#network.clear(index, neighbour)
    }
    this.nodes[index].membersChanged(neighbours, expected)
  }
}

/**
 * For how long events may happen node by node: no node learns of another one within the shortest latency. Where others train, no node
 * may train twice meanwhile, or this thread would wait for the second time as soon as it has begun.
 */
function windowOf(workforce: Workforce, { conditions, localSteps }: SimulationInit, stepMs: readonly number[]): number {
  const quickest = stepMs.reduce((least, each) => Math.min(least, each), Infinity)
  const trainingMs = workforce.capacity === 0 ? Infinity : localSteps * quickest
  return windowShare * Math.min(conditions.latencyMs.least, trainingMs)
}

function drawStepTimes(nodes: number, { stepMs, stragglers }: ParsedConditions, rng: Rng): number[] {
  const { share, factor } = stragglers
  return Array.from({ length: nodes }, (_, node) => {
    const own = rng.fork('step time').fork(node)
    return stepMs.draw(own) * (own.uniform() < share ? factor : 1)
  })
}
