import {
  nothing,
  type Averaging,
  type AveragingKind,
  type AveragingState,
  type RejectReason,
  type Step,
  type Update
} from './averaging.js'
import { moveTowards } from './move-towards.js'
import { isNeighbour } from './neighbours.js'
import { refuse } from './refuse.js'
import type { Scratch } from './scratch.js'

interface Offer {
  readonly to: string
  readonly round: number
  /** q(x_i), encoded; undefined once it is answered. */
  payload: Uint8Array | undefined
}

/**
 * Asynchronous pairwise averaging: after its local steps a node picks one neighbour at random, and both move half way
 * towards each other, each at its own pace and without a barrier:
 *
 *     x_i <- x_i + 1/2 (q(x_j) - q(x_i)),   x_j <- x_j + 1/2 (q(x_i) - q(x_j)).
 *
 * The two changes cancel exactly, so the mean over nodes is preserved whatever the compressor q loses, and even while
 * either node is in the middle of local steps or of another exchange. A neighbour answers at once, from the model that
 * it last committed; the local steps it is busy with are added when they end (the non-blocking form of the paper). Two
 * nodes that offer to each other at once take each offer for the answer to the other: answering both would make them
 * swap models instead of meeting. That relies on links that keep the order of what is sent over them. When the
 * connection dies between the answer and its arrival, only the answering side has moved.
 *
 * Assumes nothing of the graph but that it is connected.
 *
 * Source: Nadiradze et al., "Asynchronous Decentralized SGD with Quantized and Local Updates", NeurIPS 2021 (SwarmSGD).
 */
class SwarmSgd implements Averaging {
  readonly name = 'swarm-sgd'
  readonly sendsModels = true
  readonly synchronous = false
  /** The exchange that this node opened last. A late answer is still applied, until the next offer takes its place. */
  #offer: Offer | undefined
  readonly #scratch: Scratch
  #waiting = false
  /** The round of the offer that each neighbour made last. */
  readonly #answered = new Map<string, number>()

  constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  trained(state: AveragingState): Step {
    const { neighbours, round, rng } = state
    for (const peer of this.#answered.keys()) if (!isNeighbour(state, peer)) this.#answered.delete(peer)
    if (neighbours.length === 0) return this.#end([], undefined)
    const to = neighbours[rng.fork(`partner/${round}`).integer(neighbours.length)].peer
    const payload = state.compressor.encode(state.parameters, state.rng.fork(`offer/${round}`))
    this.#offer = { to, round, payload }
    this.#waiting = true
    return { send: [{ type: 'send', to, update: { kind: 'offer', round, payload } }], reject: [] }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    if (update.kind === 'offer') return this.#answer(state, from, update)
    if (update.kind === 'answer') return this.#answerArrived(state, from, update)
    return refuse(from, 'unexpected')
  }

  membersChanged(state: AveragingState): Step {
    const partnerGone = this.#offer !== undefined && !isNeighbour(state, this.#offer.to)
    return partnerGone ? this.#endIfWaiting([], undefined) : nothing
  }

  timedOut(): Step {
    return this.#end([], undefined)
  }

  awaited(): readonly string[] {
    return this.#waiting && this.#offer !== undefined ? [this.#offer.to] : []
  }

  #answer(state: AveragingState, from: string, { round, payload }: Update): Step {
    const { rng } = state
    // An answer would not reach who is no neighbour yet, and only we would move.
    if (!isNeighbour(state, from)) return refuse(from, 'not-a-neighbour')
    if (this.#answered.get(from) === round) return refuse(from, 'duplicate')
    this.#answered.set(from, round)
    if (this.#offer?.to === from && this.#offer.payload !== undefined) {
      return this.#conclude(state, this.#offer, this.#offer.payload, payload)
    }
    const answer = state.compressor.encode(state.parameters, rng.fork(`answer/${from}/${round}`))
    const moved = this.#meet(state, answer, payload)
    if (typeof moved !== 'number') return refuse(from, moved)
    return { send: [{ type: 'send', to: from, update: { kind: 'answer', round, payload: answer } }], reject: [] }
  }

  #answerArrived(state: AveragingState, from: string, { round, payload }: Update): Step {
    const offer = this.#offer
    if (offer?.to !== from) return refuse(from, 'unexpected')
    if (offer.round !== round) return refuse(from, round < offer.round ? 'stale' : 'too-far-ahead')
    return offer.payload === undefined
      ? refuse(from, 'duplicate')
      : this.#conclude(state, offer, offer.payload, payload)
  }

  #conclude(state: AveragingState, offer: Offer, ours: Uint8Array, theirs: Uint8Array): Step {
    offer.payload = undefined
    const moved = this.#meet(state, ours, theirs)
    if (typeof moved === 'number') return this.#endIfWaiting([offer.to], Math.sqrt(moved))
    return { ...this.#endIfWaiting([], undefined), ...refuse(offer.to, moved) }
  }

  /** Move half way towards the peer, from what it received of us; both models are encoded. */
  #meet(state: AveragingState, ours: Uint8Array, theirs: Uint8Array): number | RejectReason {
    state.compressor.decode(ours, this.#scratch.ours)
    return moveTowards(state, 0.5, theirs, this.#scratch.ours, this.#scratch.theirs)
  }

  #end(averagedWith: string[], neighbourDistance: number | undefined): Step {
    this.#waiting = false
    return { send: [], reject: [], ended: { averagedWith, neighbourDistance } }
  }

  #endIfWaiting(averagedWith: string[], neighbourDistance: number | undefined): Step {
    return this.#waiting ? this.#end(averagedWith, neighbourDistance) : nothing
  }
}

export const swarmSgd: AveragingKind = { name: 'swarm-sgd', create: (_, scratch) => new SwarmSgd(scratch) }
