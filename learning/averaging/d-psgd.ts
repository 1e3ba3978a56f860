import type { Averaging, AveragingKind, AveragingState, RejectReason, Step, Update } from './averaging.js'
import { moveTowards } from './move-towards.js'
import type { Scratch } from './scratch.js'

/**
 * Decentralised parallel SGD: after local steps every node averages with all its neighbours of the same round,
 *
 *     x_i <- x_i + sum over the neighbours j that arrived of w_ij (q(x_j) - q(x_i)),
 *
 * where q is the compressor. Because a node uses its own model as the others received it, the mean over nodes does not
 * change, whatever q loses; a neighbour that does not arrive leaves its weight at home.
 *
 * Assumes symmetric, doubly stochastic weights (Metropolis-Hastings) and neighbours that keep in step.
 *
 * Source: Lian et al., "Can Decentralized Algorithms Outperform Centralized Algorithms?", NeurIPS 2017 (algorithm 1,
 * with local steps as in Koloskova et al., "A Unified Theory of Decentralized SGD", ICML 2020).
 */
class DPsgd implements Averaging {
  readonly name = 'd-psgd'
  readonly sendsModels = true
  readonly synchronous = true
  /** What the neighbours get of us this round; undefined until local steps are done. */
  #update: Update | undefined
  #sentTo: ReadonlySet<string> = new Set()
  /** Updates of this round, still encoded: decoding waits until all are in, and then goes by peer. */
  readonly #arrived = new Map<string, Update>()
  readonly #scratch: Scratch

  constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  trained(state: AveragingState): Step {
    if (state.neighbours.length === 0) return this.#average(state)
    const payload = state.compressor.encode(state.parameters, state.rng.fork(`encode/${state.round}`))
    this.#update = { kind: 'model', round: state.round, payload }
    return { send: this.#unsent(state, this.#update), reject: [] }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    if (update.kind !== 'model') return { send: [], reject: [{ from, reason: 'unexpected' }] }
    this.#arrived.set(from, update)
    return this.#averageWhenComplete(state)
  }

  membersChanged(state: AveragingState): Step {
    if (this.#update === undefined) return { send: [], reject: [] }
    const send = this.#unsent(state, this.#update)
    return { ...this.#averageWhenComplete(state), send }
  }

  timedOut(state: AveragingState): Step {
    return this.#average(state)
  }

  awaited(state: AveragingState): readonly string[] {
    const awaited: string[] = []
    if (this.#update === undefined) return awaited
    for (const { peer } of state.neighbours) if (!this.#arrived.has(peer)) awaited.push(peer)
    return awaited
  }

  /**
   * A neighbour that joined in the middle of a round gets its update too, or it would wait for us in vain. So does one
   * that left and came back, for what was on its way got lost with the link.
   */
  #unsent(state: AveragingState, update: Update): Step['send'] {
    const peers = state.neighbours.map(({ peer }) => peer)
    const unsent = peers.filter(peer => !this.#sentTo.has(peer))
    this.#sentTo = new Set(peers)
    return unsent.map(to => ({ to, update }))
  }

  #averageWhenComplete(state: AveragingState): Step {
    const complete = this.#update !== undefined && state.neighbours.every(({ peer }) => this.#arrived.has(peer))
    return complete ? this.#average(state) : { send: [], reject: [] }
  }

  #average(state: AveragingState): Step {
    const averagedWith: string[] = []
    const reject: { from: string; reason: RejectReason }[] = []
    const { ours, theirs } = this.#scratch
    if (this.#update !== undefined) {
      // q(x_i): what the neighbours made of us.
      state.compressor.decode(this.#update.payload, ours)
    }
    let squared = 0
    for (const { peer, weight } of state.neighbours) {
      const update = this.#arrived.get(peer)
      if (update === undefined) continue
      const moved = moveTowards(state, weight, update.payload, ours, theirs)
      if (typeof moved === 'number') {
        squared += moved
        averagedWith.push(peer)
      } else {
        reject.push({ from: peer, reason: moved })
      }
    }
    this.#arrived.clear()
    this.#sentTo = new Set()
    this.#update = undefined
    const neighbourDistance = averagedWith.length > 0 ? Math.sqrt(squared / averagedWith.length) : undefined
    return { send: [], reject, ended: { averagedWith, neighbourDistance } }
  }
}

export const dPsgd: AveragingKind = { name: 'd-psgd', create: (_, scratch) => new DPsgd(scratch) }
