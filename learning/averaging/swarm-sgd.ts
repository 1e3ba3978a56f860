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
  /** Whom this node offered to last. A late answer is still applied, until the next offer takes its place. */
  #partner: string | undefined
  #offerRound = 0
  /** q(x_i), as it was offered; undefined once it is answered. */
  #offered: Uint8Array | undefined
  readonly #scratch: Scratch
  #waiting = false

  constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  trained(state: AveragingState): Step {
    const { neighbours, round, rng } = state
    if (neighbours.length === 0) return this.#end([], undefined)
    const to = neighbours[rng.fork(`partner/${round}`).integer(neighbours.length)].peer
    const payload = state.compressor.encode(state.parameters, state.rng.fork(`offer/${round}`))
    this.#partner = to
    this.#offerRound = round
    this.#offered = payload
    this.#waiting = true
    return { send: [{ type: 'send', to, update: { kind: 'offer', round, payload } }], reject: [] }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    if (update.kind === 'offer') return this.#answer(state, from, update)
    if (update.kind === 'answer') return this.#answerArrived(state, from, update)
    return refuse(from, 'unexpected')
  }

  membersChanged(state: AveragingState): Step {
    const partnerGone = this.#partner !== undefined && !isNeighbour(state, this.#partner)
    return partnerGone ? this.#endIfWaiting([], undefined) : nothing
  }

  timedOut(): Step {
    return this.#end([], undefined)
  }

  awaited(): readonly string[] {
    return this.#waiting && this.#partner !== undefined ? [this.#partner] : []
  }

  #answer(state: AveragingState, from: string, { round, payload }: Update): Step {
    const { rng } = state
    if (this.#partner === from && this.#offered !== undefined) {
      return this.#conclude(state, from, this.#offered, payload)
    }
    const answer = state.compressor.encode(state.parameters, rng.fork(`answer/${from}/${round}`))
    const moved = this.#meet(state, answer, payload)
    if (typeof moved !== 'number') return refuse(from, moved)
    return { send: [{ type: 'send', to: from, update: { kind: 'answer', round, payload: answer } }], reject: [] }
  }

  #answerArrived(state: AveragingState, from: string, { round, payload }: Update): Step {
    if (this.#partner !== from) return refuse(from, 'unexpected')
    if (this.#offerRound !== round) return refuse(from, round < this.#offerRound ? 'stale' : 'too-far-ahead')
    return this.#offered === undefined ? refuse(from, 'duplicate') : this.#conclude(state, from, this.#offered, payload)
  }

  #conclude(state: AveragingState, partner: string, ours: Uint8Array, theirs: Uint8Array): Step {
    this.#offered = undefined
    const moved = this.#meet(state, ours, theirs)
    if (typeof moved === 'number') return this.#endIfWaiting([partner], Math.sqrt(moved))
    return { ...this.#endIfWaiting([], undefined), ...refuse(partner, moved) }
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
