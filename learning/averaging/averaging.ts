import type { Compressor } from '../compression/compressor.js'
import type { Rng } from '../rng.js'
import type { Turn } from '../topology/turn.js'
import type { Plausibility } from './plausibility.js'
import type { Scratch } from './scratch.js'

/** A peer that this node averages with. */
export interface Neighbour {
  readonly peer: string
  /** Entry w_ij of the mixing matrix, in (0, 1). */
  readonly weight: number
  /** @default every round */
  readonly turn?: Turn
}

/**
 * What an update is for. `model`: one-way, for the round that it names, or of that age (`gossip-learning`). `offer` opens a
 * pairwise exchange and `answer` closes it; both carry the round of the node that offered. An `answer` without payload tells that
 * the model of its round arrived (`push-sum`).
 */
export type UpdateKind = 'model' | 'offer' | 'answer'

/** Which public copies a message is about, for strategies that keep some; a version says what the bits of a copy are. */
export interface CopyHeader {
  /** Of the sender's copy: the one that `parts` build upon, or that the payload is in full. */
  readonly version: number
  /** Of the receiver's copy, as the sender has it. */
  readonly held: number
  /** Lengths of the differences that make up the payload, oldest first. Empty: the payload is a full copy in float32. */
  readonly parts: readonly number[]
}

/** One message between two nodes, as the strategy sees it. The sender is known from the connection, never from here. */
export interface Update {
  readonly kind: UpdateKind
  readonly round: number
  /** A vector, encoded by the task's compressor, unless `copy` says otherwise. */
  readonly payload: Uint8Array
  readonly copy?: CopyHeader
}

/** Why something that a peer sent was not averaged. Each is counted. */
export type RejectReason =
  | 'malformed'
  | 'not-finite'
  /** Much further from our model than neighbours are. */
  | 'implausible'
  | 'stale'
  /** By so much that no honest peer gets there. */
  | 'too-far-ahead'
  | 'duplicate'
  /** More of one peer, in one round of ours, than is averaged: an honest one goes on while we rest, or are done. */
  | 'surplus'
  | 'not-a-neighbour'
  | 'unexpected'
  /** A difference to a copy that we do not have. */
  | 'unknown-version'

/** An update on its way to a peer. */
export interface Send {
  readonly type: 'send'
  readonly to: string
  readonly update: Update
}

/** What a strategy wants done after an event. */
export interface Step {
  readonly send: readonly Send[]
  readonly reject: readonly { readonly from: string; readonly reason: RejectReason }[]
  /** Set when the averaging of this round has ended. */
  readonly ended?: Ended
}

/** Nothing is to be done. */
export const nothing: Step = { send: [], reject: [] }

/** How the averaging of a round went. */
export interface Ended {
  /** Peers whose models were averaged in, ascending. */
  readonly averagedWith: readonly string[]
  /** Root mean square of ||x_j - x_i|| over those peers; undefined when alone. */
  readonly neighbourDistance: number | undefined
}

/** What a strategy works on. The round machine owns it and keeps it current. */
export interface AveragingState {
  /** This node's model. The strategy changes it. */
  readonly parameters: Float32Array
  /** Those whose turn it is. Sorted by peer, so that every node adds in the same order and results repeat bit for bit. */
  readonly neighbours: readonly Neighbour[]
  /** Nodes that learn this task now, this one among them, as far as it knows. */
  readonly swarmSize: number
  readonly round: number
  /** Whether this node has done its last round: `trained` follows no more, but neighbours may still need what it has. */
  readonly finished: boolean
  readonly compressor: Compressor
  /** This node's stream. Fork it by round: what was drawn before must not matter. */
  readonly rng: Rng
  /** Asked before every average with a neighbour. */
  readonly plausibility: Plausibility
}

/**
 * An averaging strategy: what to send when local steps are done, and what to do with what arrives.
 *
 * No input or output, no clock: the round machine hands in events and carries out the `Step` that comes back.
 */
export interface Averaging {
  readonly name: string
  /**
   * True when every neighbour's update of the same round is averaged together. The round machine then holds early
   * updates back until their round, and refuses late ones. False: updates are handed over as they arrive, even during
   * local steps.
   */
  readonly synchronous: boolean
  /**
   * True when neighbours keep roughly in step, but an update that comes in another round is worth as much: a round waits for
   * them, not for long, and a node that was away takes up their round. Only when not synchronous.
   */
  readonly keepsPace?: true
  /** True when no round waits for what neighbours send. Only when not synchronous. */
  readonly oneWay?: true
  /** True when the neighbours may be others in every round; see `checkTopology`. */
  readonly takesTurns?: true
  /** True when a payload is a model, of which no coordinate may be missing; see `checkCompressor`. */
  readonly sendsModels?: true
  /** True when compressors of messages of different lengths suit it; see `checkCompressor`. */
  readonly keepsToBudget?: true
  /** What compresses for it unless somebody says otherwise. @default `DEFAULT_COMPRESSOR` */
  readonly usualCompressor?: string
  /** Vectors as long as the model that it keeps, whatever its neighbours, and for each of them. @default 0 */
  readonly vectors?: number
  readonly vectorsPerLink?: number
  /** The most bytes of a payload. @default `compressor.maxBytes` */
  maxUpdateBytes?(compressor: Compressor): number
  /**
   * Called once, before any other event, with the last round already done. `parameters` is not modified and not kept.
   *
   * @param saved - what `save` gave before this node ended; `parameters` may be a peer's since. Of another form: ignored
   */
  begin?(parameters: Float32Array, round: number, saved?: Uint8Array): void
  /**
   * What it keeps beside the parameters that a restart would lose, between two rounds; without it nothing. What neighbours
   * have of this node is no part of it: that repairs itself.
   */
  save?(): Uint8Array
  /**
   * Local steps are about to begin; what they change is added to the parameters.
   *
   * @param start - a copy of the parameters, which the strategy may change: the steps begin there
   */
  beginSteps?(start: Float32Array): void
  /** Local steps have ended and `state.parameters` holds their result. */
  trained(state: AveragingState): Step
  /**
   * An update of a neighbour; when synchronous, of this round and after its `trained`. An offer comes only once for each round of
   * the neighbour that made it.
   */
  received(state: AveragingState, from: string, update: Update): Step
  /** The set of neighbours changed during this round's averaging: nobody waits for one who is gone. */
  membersChanged(state: AveragingState): Step
  /** The deadline has passed, or who is still awaited has gone ahead: end the round with what there is. */
  timedOut(state: AveragingState): Step
  /** Peers whose update this round still waits for; none once its averaging has ended. Read it before the next event. */
  awaited(state: AveragingState): readonly string[]
}

/** What a strategy's file exports. */
export interface AveragingKind {
  readonly name: string
  /** True when a spec may set something, as in `choco-sgd:0.2`. */
  readonly takesArgument?: true
  /**
   * @param length - number of parameters
   * @param scratch - of that length, shared with others when many nodes run on one thread
   * @param argument - what follows the colon of a spec, or undefined
   * @throws InvalidParametersError when the argument is outside its range
   */
  create(length: number, scratch: Scratch, argument: string | undefined): Averaging
}
