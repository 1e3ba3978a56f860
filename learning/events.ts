import type { Ended, Neighbour, RejectReason, Send, Update } from './averaging/averaging.js'

/** What happens to a node. Every event carries the time, in milliseconds of whatever clock drives the machine. */
export type Event = { readonly nowMs: number } & (
  | { readonly type: 'start' }
  /**
   * `neighbours`: the peers that can be reached now, with the weight that the mixing matrix gives each. `expected`:
   * peers that are about to become neighbours; what they send early is kept. `swarmSize`: nodes that learn this task, this
   * one among them, as far as is known; at least this node and its neighbours.
   */
  | {
      readonly type: 'members'
      readonly neighbours: readonly Neighbour[]
      readonly expected?: readonly string[]
      readonly swarmSize?: number
    }
  /**
   * The local steps asked for by `train` have ended; their result is in `work`. @default work: the machine's work vector
   * `bytesSent`: by this node, everything in, since it started; for a budget. @default 0
   */
  | { readonly type: 'trained'; readonly loss: number; readonly work?: Float32Array; readonly bytesSent?: number }
  | { readonly type: 'update'; readonly from: string; readonly update: Update }
  /** The time that `wait` named has come. */
  | { readonly type: 'timeout' }
)

/** What the node has to do, in this order. */
export type Action =
  /**
   * Run local steps on the work vector, apart from this thread; then hand in `trained`. No steps: hand it in at once.
   * `offset`: what to add to every gradient; it stays as it is until the round ends.
   */
  | {
      readonly type: 'train'
      readonly round: number
      readonly firstStep: number
      readonly steps: number
      readonly offset?: Float32Array
    }
  | Send
  /** Hand in `timeout` at `untilMs`, unless another `wait` or the end of the round comes first. Early is harmless. */
  | { readonly type: 'wait'; readonly untilMs: number }
  /** Something that was sent is not averaged: count it. */
  | { readonly type: 'reject'; readonly from: string; readonly reason: RejectReason }
  /** Local steps ended in a loss or in parameters that are not finite: they were thrown away. */
  | { readonly type: 'diverged'; readonly round: number; readonly loss: number }
  | ({ readonly type: 'averaged' } & RoundResult)
  /** The last round has ended. The machine goes on answering its neighbours. */
  | { readonly type: 'finished'; readonly round: number }

/** One round, as it ended. */
export interface RoundResult extends Ended {
  readonly round: number
  /** Mean training loss over the latest local steps. */
  readonly loss: number
  /** Neighbours whose update did not come: not before the deadline, or not any more because they are rounds ahead. */
  readonly missed: readonly string[]
}
