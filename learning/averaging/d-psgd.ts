import type { AveragingKind, AveragingState, Step, Update } from './averaging.js'
import { moveTowardsAll } from './move-towards.js'
import type { Scratch } from './scratch.js'
import { Synchronous, type Arrived } from './synchronous.js'

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
class DPsgd extends Synchronous {
  readonly name = 'd-psgd'
  readonly sendsModels = true
  readonly keepsToBudget = true
  readonly takesTurns = true
  readonly #scratch: Scratch
  /** What all neighbours get of us this round; not kept for longer. */
  #update: Update | undefined

  constructor(scratch: Scratch) {
    super()
    this.#scratch = scratch
  }

  protected prepare({ parameters, compressor, rng, round }: AveragingState): void {
    const payload = compressor.encode(parameters, rng.fork(`encode/${round}`))
    this.#update = { kind: 'model', round, payload }
  }

  protected updateFor(): Update {
    return this.#update!
  }

  protected average(state: AveragingState, arrived: Arrived): Step {
    const { ours, theirs } = this.#scratch
    // q(x_i): what the neighbours made of us.
    state.compressor.decode(this.#update!.payload, ours)
    this.#update = undefined
    const payloads = state.neighbours.map((_, place) => arrived[place]?.payload)
    return this.endedWith(state.neighbours, moveTowardsAll(state, payloads, ours, theirs))
  }
}

export const dPsgd: AveragingKind = { name: 'd-psgd', create: (_, scratch) => new DPsgd(scratch) }
