import type { Compressor } from '../compression/compressor.js'
import { MalformedUpdateError } from '../errors.js'
import { allFinite, squaredDistance } from '../parameters.js'
import type { AveragingKind, AveragingState, RejectReason, Step, Update } from './averaging.js'
import { isNeighbour } from './neighbours.js'
import { decodeRelay, encodeRelay, HEAD_BYTES, type RelayMessage } from './relay-message.js'
import { PATIENCE_ROUNDS, RelayTree } from './relay-tree.js'
import type { Scratch } from './scratch.js'
import { Synchronous, type Arrived } from './synchronous.js'

/** The latest sum that came over an edge of the tree. */
interface Relayed extends Pick<RelayMessage, 'count' | 'mean'> {
  readonly heardIn: number
}

/**
 * RelaySum: models are summed up along a spanning tree. Over each of its edges a node sends, with their count, the sum of its
 * own model and of what came over its other edges in the round before, and it averages all that reaches it:
 *
 *     m_ij <- x_i + sum over the other edges k of m_ki,   c_ij <- 1 + sum over the other edges k of c_ki,
 *     x_i <- (x_i + sum over all edges j of m_ji) / (1 + sum over all edges j of c_ji).
 *
 * So each node averages one model of every other, with equal weights, from as many rounds ago as there are hops between them
 * less one: nobody's data fades with distance, as it does in d-psgd. What is sent is the mean m_ij / c_ij, so it passes
 * through a compressor as a model does.
 *
 * The tree is that of `RelayTree`, on any connected graph: links outside of it carry some bytes to keep it alive. Who lost a
 * message uses the one before, for as long as it knows that edge; while the tree changes, some models count twice or not at all, and
 * models only ever move to a mean of others. Nodes far from each other are late by as many rounds, so long trees want smaller
 * steps. The mean over nodes is not preserved while the first sums are on their way; nodes begin with one model, or lose that.
 *
 * Assumes neighbours that keep in step, and honest relays: one that lies about the root or its count may outweigh those behind it.
 * Where a third of all messages is lost, rounds drift apart, and what is late is refused: nodes may then learn alone for long.
 *
 * Source: Vogels, He, Koloskova, Lin, Karimireddy, Stich, Jaggi, "RelaySum for Decentralized Deep Learning on Heterogeneous Data",
 * NeurIPS 2021 (RelaySGD, sums of models, normalised by their counts).
 */
class RelaySum extends Synchronous {
  readonly name = 'relay-sum'
  readonly sendsModels = true
  /** The sum, in double precision. */
  readonly vectors = 2
  /** What came over an edge, if nothing is compressed. */
  readonly vectorsPerLink = 1
  readonly #scratch: Scratch
  #tree: RelayTree | undefined
  readonly #relayed = new Map<string, Relayed>()
  /** Of all that `#relayed` holds. */
  readonly #sum: Float64Array
  #count = 0

  constructor(length: number, scratch: Scratch) {
    super()
    this.#scratch = scratch
    this.#sum = new Float64Array(length)
  }

  maxUpdateBytes({ maxBytes }: Compressor): number {
    return HEAD_BYTES + maxBytes
  }

  protected prepare(state: AveragingState): void {
    if (this.#forget(state)) this.#sumUp(state)
  }

  protected updateFor(state: AveragingState, peer: string): Update {
    const { round } = state
    const branch = this.#treeOf(state).branchTo(peer)
    const sum = this.#treeOf(state).isEdge(peer) ? this.#sumFor(state, peer) : { count: 0, mean: new Uint8Array() }
    return { kind: 'model', round, payload: encodeRelay({ branch, ...sum }) }
  }

  protected average(state: AveragingState, arrived: Arrived): Step {
    const { parameters, neighbours, round } = state
    const messages = new Map<string, RelayMessage>()
    for (const [place, { peer }] of neighbours.entries()) {
      const update = arrived[place]
      const message = update === undefined ? undefined : decodeRelay(update.payload)
      if (message === undefined) continue
      messages.set(peer, message)
      this.#treeOf(state).hear(peer, message.branch, round)
    }
    this.#treeOf(state).choose(state)
    const step = this.averageEach(state, arrived, ({ peer }) => this.#take(state, peer, messages.get(peer)))
    this.#forget(state)
    this.#sumUp(state)
    for (let k = 0; k < parameters.length; k++) {
      parameters[k] = (parameters[k] + this.#sum[k]) / (1 + this.#count)
    }
    return step
  }

  /** @returns the distance of the mean that came from our model, squared */
  #take(state: AveragingState, peer: string, message: RelayMessage | undefined): number | RejectReason | undefined {
    if (message === undefined) return 'malformed'
    const { mean, count } = message
    if (count === 0) this.#relayed.delete(peer)
    if (count === 0 || !this.#treeOf(state).isEdge(peer)) return undefined
    const { parameters, compressor, plausibility, round, swarmSize } = state
    const { theirs } = this.#scratch
    try {
      compressor.decode(mean, theirs)
    } catch (error) {
      if (error instanceof MalformedUpdateError) return 'malformed'
      throw error
    }
    if (!allFinite(theirs)) return 'not-finite'
    const squared = squaredDistance(theirs, parameters)
    if (!plausibility.admits(squared, parameters)) return 'implausible'
    // In a cycle the count would grow for ever.
    this.#relayed.set(peer, { count: Math.min(count, swarmSize - 1), mean, heardIn: round })
    return squared
  }

  /**
   * Forget what came over edges that are none any more, or too long ago.
   *
   * @returns whether there was any
   */
  #forget(state: AveragingState): boolean {
    const before = this.#relayed.size
    for (const [peer, { heardIn }] of this.#relayed) {
      const isKnown = isNeighbour(state, peer) && this.#treeOf(state).isEdge(peer)
      if (!isKnown || state.round - heardIn >= PATIENCE_ROUNDS) this.#relayed.delete(peer)
    }
    return this.#relayed.size < before
  }

  #sumUp({ neighbours, compressor }: AveragingState): void {
    const { theirs } = this.#scratch
    this.#sum.fill(0)
    this.#count = 0
    for (const { peer } of neighbours) {
      const relayed = this.#relayed.get(peer)
      if (relayed === undefined) continue
      compressor.decode(relayed.mean, theirs)
      for (let k = 0; k < theirs.length; k++) this.#sum[k] += relayed.count * theirs[k]
      this.#count += relayed.count
    }
  }

  /** Our model and what came over the other edges. */
  #sumFor(state: AveragingState, peer: string): Pick<RelayMessage, 'count' | 'mean'> {
    const { parameters, compressor, rng, round } = state
    const { ours, theirs } = this.#scratch
    const own = this.#relayed.get(peer)
    const ownCount = own?.count ?? 0
    if (own === undefined) theirs.fill(0)
    else compressor.decode(own.mean, theirs)
    const count = 1 + this.#count - ownCount
    for (let k = 0; k < ours.length; k++) {
      ours[k] = (parameters[k] + this.#sum[k] - ownCount * theirs[k]) / count
    }
    return { count, mean: compressor.encode(ours, rng.fork(`encode/${round}/${peer}`)) }
  }

  #treeOf({ rng }: AveragingState): RelayTree {
    this.#tree ??= new RelayTree(rng.fork('tree').uint32())
    return this.#tree
  }
}

export const relaySum: AveragingKind = {
  name: 'relay-sum',
  create: (length, scratch) => new RelaySum(length, scratch)
}
