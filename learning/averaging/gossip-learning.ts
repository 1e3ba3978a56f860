import { nothing, type AveragingKind, type AveragingState, type Step, type Update } from './averaging.js'
import { drawNeighbours } from './neighbours.js'
import { OneWay } from './one-way.js'
import { refuse } from './refuse.js'
import type { Scratch } from './scratch.js'
import { TokenAccount } from './token-account.js'
import { parseCount } from './parse-count.js'

const CAPACITY = { of: 'gossip-learning', what: 'the most messages that are saved up', most: 64, default: 4 }
/** A model is believed to be at most so many times as old as ours, so that a forged age never outweighs all of it. */
const MOST_TIMES_OUR_AGE = 9
/** No swarm gets there by itself; below it every age is exact. */
const LARGEST_AGE = 2 ** 31
/** Age and tokens, 32 bits each. */
const SAVED_BYTES = 8

/**
 * Gossip learning: models walk from node to node and get older by every round of local steps. A node merges what arrives
 * with its own model, each weighed by its age a, which is the number of rounds that went into it,
 *
 *     x_i <- (a_i x_i + a_j q(x_j)) / (a_i + a_j),   a_i <- max(a_i, a_j),
 *
 * takes local steps, a_i <- a_i + 1, and sends the result to random neighbours: as many as its token account lets it for
 * each message that was news, one at least as old as its own model, and now and then one unasked. On average that is at most a
 * message a round; news travels at the speed of the links, and a swarm in which messages got lost starts up by itself.
 *
 * Messages are one-way, their round is the age of their model, and no round waits for any. The mean over nodes is not
 * preserved: who has learned for longer counts more, and a newcomer takes over what there is. Between models of one age
 * it is, in expectation, as with `epidemic`. No model ever leaves the convex hull of all. A forged age costs at most one merge with a
 * weight of 0.9, and makes all ages alike in the end: merging is then plain averaging.
 *
 * Assumes a connected graph.
 *
 * Sources: Ormandi, Hegedus, Jelasity, "Gossip Learning with Linear Models on Fully Distributed Data", Concurrency and
 * Computation 2013; Hegedus, Danner, Jelasity, "Decentralized Learning Works: An Empirical Comparison of Gossip Learning and
 * Federated Learning", JPDC 2021 (merging by age; with the token account).
 */
class GossipLearning extends OneWay {
  readonly name = 'gossip-learning'
  readonly #account: TokenAccount
  /** Rounds that went into our model; undefined until its first one ended. */
  #age: number | undefined
  /** Messages that news of this round called for. */
  #due = 0

  constructor(scratch: Scratch, capacity: number) {
    super(1, scratch)
    this.#account = new TokenAccount(capacity)
  }

  begin(_: Float32Array, round: number, saved?: Uint8Array): void {
    if (saved?.length !== SAVED_BYTES) return
    const view = new DataView(saved.buffer, saved.byteOffset)
    // The model may be a newer one of a peer.
    this.#age = Math.min(Math.max(view.getUint32(0, true), round), LARGEST_AGE)
    this.#account.balance = view.getUint32(4, true)
  }

  save(): Uint8Array {
    const saved = new Uint8Array(SAVED_BYTES)
    const view = new DataView(saved.buffer)
    view.setUint32(0, this.#age ?? 0, true)
    view.setUint32(4, this.#account.balance, true)
    return saved
  }

  trained(state: AveragingState): Step {
    const { neighbours, round, rng, compressor, parameters } = state
    const age = Math.min(this.#ageIn(state) + 1, LARGEST_AGE)
    this.#age = age
    const count = this.#due + this.#account.roundEnded(rng.fork(`unasked/${round}`))
    this.#due = 0
    const ended = this.inflow.end(state)
    const drawn = drawNeighbours(neighbours, count, rng.fork(`peers/${round}`))
    if (drawn.length === 0) return { send: [], reject: [], ended }
    const payload = compressor.encode(parameters, rng.fork(`encode/${round}`))
    return {
      send: drawn.map(({ peer }) => ({ type: 'send', to: peer, update: { kind: 'model', round: age, payload } })),
      reject: [],
      ended
    }
  }

  received(state: AveragingState, from: string, { kind, round, payload }: Update): Step {
    if (kind !== 'model') return refuse(from, 'unexpected')
    if (round < 1) return refuse(from, 'malformed')
    const ours = this.#ageIn(state)
    const theirs = Math.min(round, Math.max(1, ours) * MOST_TIMES_OUR_AGE)
    const weight = theirs / (ours + theirs)
    const refused = this.inflow.refusal(from, round) ?? this.inflow.average(state, from, { round, weight, payload })
    if (refused !== undefined) return refuse(from, refused)
    if (theirs >= ours) this.#due += this.#account.spend(state.rng.fork(`news/${from}/${round}`))
    this.#age = Math.max(ours, theirs)
    return nothing
  }

  /** What a node begins with, from a checkpoint or from a peer, is as old as the rounds before. */
  #ageIn({ round }: AveragingState): number {
    return this.#age ?? Math.max(0, round - 1)
  }
}

export const gossipLearning: AveragingKind = {
  name: 'gossip-learning',
  takesArgument: true,
  create: (_, scratch, argument) => new GossipLearning(scratch, parseCount(argument, CAPACITY))
}
