import { allFinite } from '../parameters.js'
import type { Compressor } from '../compression/compressor.js'
import { nothing, type AveragingKind, type AveragingState, type Step, type Update } from './averaging.js'
import { moved, moveTowards } from './move-towards.js'
import { isNeighbour } from './neighbours.js'
import { OneWay } from './one-way.js'
import { refuse } from './refuse.js'
import type { Scratch } from './scratch.js'

/** The mass of a push, before the model: a little-endian float64. */
const MASS_BYTES = 8
/** The most mass in a push: all mass of so many nodes. A forged one is worth no more. */
const LARGEST_MASS = 16
/** Pushes of one peer that are taken in a round of ours; more wait until the next. */
const MOST_TAKEN = 32
/** Pushes that may be on their way to a neighbour. */
const MOST_ON_THEIR_WAY = 4
/** A push that was not acknowledged for so many rounds is sent again. */
const PATIENCE_ROUNDS = 8
/** What was pushed to a peer that is gone for so many rounds is taken back. */
const RECLAIM_ROUNDS = 16

/** What is on its way to a neighbour, until it tells that it has it. */
interface Push {
  readonly update: Update
  readonly mass: number
  /** The round in which it was sent last. */
  sentIn: number
}

/**
 * Push-sum, as stochastic gradient push uses it: a node holds a mass w_i besides its model z_i. After its local steps it
 * gives half of its mass to one random neighbour, together with the model, and whoever receives mass moves towards its model
 * by as much:
 *
 *     w_i <- w_i - m,   w_j <- w_j + m,   z_j <- z_j + m / w_j (q(z_i) - z_j),   m = w_i / 2.
 *
 * With y = w z that is the usual y_i <- y_i - m z_i, y_j <- y_j + m z_i. The sender makes up for what the compressor q
 * changed, so the sums of w and of y over nodes and links are preserved whatever q loses, though nobody answers with a
 * model, and all nodes agree on the mean of the models that they began with. Where degrees differ less than half is given,
 * d_i w_ij / (2 (1 - w_ij)) with Metropolis-Hastings weights w_ij, so that every edge carries as much one way as the other.
 *
 * Lost messages would take their mass with them and leave a bias. Running sums (Hadjicostis et al.) make up for them, but
 * grow for ever, while float32 and quantised messages know few digits. Links here go both ways, so a push is acknowledged
 * instead, is sent again as it was until then, and is taken once: mass is late, never lost. No more than
 * a few are on their way to a neighbour, so a slow one is not flooded. What was pushed to a peer that went away for good is taken back;
 * if it had arrived, w and y of the swarm have grown by the same share. A node that restarts does so with the mass that it had;
 * what it pushes again in a round that it had begun before is taken once.
 *
 * Local steps change z_i itself, and y_i by w_i times as much, where SGP changes y_i, and z_i by 1/w_i times as much: with a
 * mass that varies at random that would make steps of any length. The expectation of w_i is 1.
 *
 * Messages are one-way, and no round waits for any. Assumes a connected graph.
 *
 * Sources: Assran, Loizou, Ballas, Rabbat, "Stochastic Gradient Push for Distributed Deep Learning", ICML 2019; Kempe,
 * Dobra, Gehrke, "Gossip-Based Computation of Aggregate Information", FOCS 2003; Hadjicostis, Vaidya, Dominguez-Garcia,
 * "Robust Distributed Average Consensus via Exchange of Running Sums", IEEE Transactions on Automatic Control 2016.
 */
class PushSum extends OneWay {
  readonly name = 'push-sum'
  /** Pushes on their way, encoded, if nothing is compressed. */
  readonly vectorsPerLink = MOST_ON_THEIR_WAY
  readonly #scratch: Scratch
  /** On their way to each peer, the oldest first. */
  readonly #pushes = new Map<string, Push[]>()
  #mass = 1

  constructor(scratch: Scratch) {
    super(MOST_TAKEN, scratch)
    this.#scratch = scratch
  }

  begin(_: Float32Array, __: number, saved?: Uint8Array): void {
    const mass = saved?.length === MASS_BYTES ? new DataView(saved.buffer, saved.byteOffset).getFloat64(0, true) : NaN
    this.#mass = mass > 0 && mass < Infinity ? mass : 1
  }

  save(): Uint8Array {
    return withMass(this.#mass, new Uint8Array())
  }

  maxUpdateBytes({ maxBytes }: Compressor): number {
    return MASS_BYTES + maxBytes
  }

  trained(state: AveragingState): Step {
    const { neighbours, round, rng } = state
    const ended = this.inflow.end(state)
    this.#reclaim(state)
    if (neighbours.length === 0) return { send: [], reject: [], ended }
    const { peer, weight } = neighbours[rng.fork(`peer/${round}`).integer(neighbours.length)]
    const push =
      this.#overdue(peer, round) ?? this.#push(state, peer, (neighbours.length * weight) / (2 * (1 - weight)))
    if (push === undefined) return { send: [], reject: [], ended }
    push.sentIn = round
    return { send: [{ type: 'send', to: peer, update: push.update }], reject: [], ended }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    if (update.kind === 'answer') return this.#acknowledged(state, from, update)
    if (update.kind !== 'model') return refuse(from, 'unexpected')
    // It could not be told that the push arrived, and would send it again.
    if (!isNeighbour(state, from)) return refuse(from, 'not-a-neighbour')
    const { round, payload } = update
    const acknowledge: Step = {
      send: [{ type: 'send', to: from, update: { kind: 'answer', round, payload: new Uint8Array() } }],
      reject: []
    }
    const refused = this.inflow.refusal(from, round)
    if (refused === 'duplicate') return { ...refuse(from, refused), send: acknowledge.send }
    if (refused !== undefined) return refuse(from, refused)
    const mass = massOf(payload)
    if (mass === undefined) return refuse(from, 'malformed')
    const weight = mass / (this.#mass + mass)
    const model = payload.subarray(MASS_BYTES)
    const notAveraged = this.inflow.average(state, from, { round, weight, payload: model })
    if (notAveraged !== undefined) return refuse(from, notAveraged)
    this.#mass += mass
    return acknowledge
  }

  #acknowledged({ round }: AveragingState, from: string, update: Update): Step {
    const pushes = this.#pushes.get(from) ?? []
    const acknowledged = pushes.findIndex(push => push.update.round === update.round)
    if (acknowledged < 0) return refuse(from, update.round < round ? 'stale' : 'unexpected')
    pushes.splice(acknowledged, 1)
    return nothing
  }

  #overdue(peer: string, round: number): Push | undefined {
    return this.#pushes.get(peer)?.find(({ sentIn }) => round - sentIn >= PATIENCE_ROUNDS)
  }

  /**
   * Put a share of our mass on its way, changing the parameters by what the compressor will make its receiver miss.
   *
   * @returns undefined when enough is on its way to that peer
   */
  #push(state: AveragingState, to: string, share: number): Push | undefined {
    const pushes = this.#pushes.get(to) ?? []
    if (pushes.length >= MOST_ON_THEIR_WAY) return undefined
    const { parameters, compressor, round, rng } = state
    const mass = Math.min(Math.min(share, 1 / 2) * this.#mass, LARGEST_MASS)
    const model = compressor.encode(parameters, rng.fork(`encode/${round}`))
    const { ours: sent, theirs: result } = this.#scratch
    compressor.decode(model, sent)
    const readSent = (from: number, part: Float32Array): void => part.set(sent.subarray(from, from + part.length))
    moved(parameters, -mass / (this.#mass - mass), parameters, readSent, result)
    if (allFinite(result)) parameters.set(result)
    this.#mass -= mass
    const push: Push = { update: { kind: 'model', round, payload: withMass(mass, model) }, mass, sentIn: round }
    this.#pushes.set(to, [...pushes, push])
    return push
  }

  /** Take back what was pushed to peers that are gone. */
  #reclaim(state: AveragingState): void {
    for (const [peer, pushes] of this.#pushes) {
      if (isNeighbour(state, peer) || pushes.some(({ sentIn }) => state.round - sentIn < RECLAIM_ROUNDS)) continue
      this.#pushes.delete(peer)
      for (const { update, mass } of pushes) {
        const weight = mass / (this.#mass + mass)
        const model = update.payload.subarray(MASS_BYTES)
        const movedBack = moveTowards(state, weight, model, state.parameters, this.#scratch.theirs)
        if (typeof movedBack === 'number') this.#mass += mass
      }
    }
  }
}

function withMass(mass: number, model: Uint8Array): Uint8Array {
  const payload = new Uint8Array(MASS_BYTES + model.length)
  new DataView(payload.buffer).setFloat64(0, mass, true)
  payload.set(model, MASS_BYTES)
  return payload
}

/** @param payload - hostile until checked */
function massOf(payload: Uint8Array): number | undefined {
  if (payload.length < MASS_BYTES) return undefined
  const mass = new DataView(payload.buffer, payload.byteOffset).getFloat64(0, true)
  return mass > 0 && mass <= LARGEST_MASS ? mass : undefined
}

export const pushSum: AveragingKind = { name: 'push-sum', create: (_, scratch) => new PushSum(scratch) }
