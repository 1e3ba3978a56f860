import type { AveragingState, Ended, RejectReason } from './averaging.js'
import { moveTowards } from './move-towards.js'
import { isNeighbour } from './neighbours.js'
import type { Scratch } from './scratch.js'

/** Senders are remembered for so many rounds after they left: what they sent may come again when they are back. */
const RETAINED_ROUNDS = 32

/** Rounds of its messages that are remembered of a sender. */
const RETAINED_MESSAGES = 64

interface Sender {
  /** Of the messages that were averaged last, in the order in which they came. */
  readonly rounds: number[]
  /** How many were averaged since this node's round began. */
  count: number
  /** Rounds since it was a neighbour. */
  goneFor: number
}

/**
 * What one-way messages bring a node: each is averaged in when it arrives, also in the middle of local steps. No peer is
 * averaged with more than so many times a round of this node, so that nobody's say grows with how much it sends.
 */
export class Inflow {
  readonly #mostPerPeer: number
  readonly #scratch: Scratch
  readonly #senders = new Map<string, Sender>()
  #squared = 0
  #count = 0

  constructor(mostPerPeer: number, scratch: Scratch) {
    this.#mostPerPeer = mostPerPeer
    this.#scratch = scratch
  }

  /** Models averaged in since this node's round began. */
  get count(): number {
    return this.#count
  }

  /** Why a message of this sender and round is not to be averaged, if it is not. */
  refusal(from: string, round: number): RejectReason | undefined {
    const sender = this.#senders.get(from)
    if (sender === undefined) return undefined
    if (sender.rounds.includes(round)) return 'duplicate'
    return sender.count >= this.#mostPerPeer ? 'surplus' : undefined
  }

  /**
   * Move towards a peer's model: x += weight * (theirs - x).
   *
   * @param payload - the model, encoded; hostile until checked
   * @returns why not: the parameters are then as before
   */
  average(
    state: AveragingState,
    from: string,
    { round, weight, payload }: { readonly round: number; readonly weight: number; readonly payload: Uint8Array }
  ): RejectReason | undefined {
    const moved = moveTowards(state, weight, payload, state.parameters, this.#scratch.theirs)
    if (typeof moved === 'string') return moved
    this.#remember(from, round)
    this.#squared += moved
    this.#count++
    return undefined
  }

  /** A round of this node ends, and the next begins. */
  end(state: AveragingState): Ended {
    const averagedWith: string[] = []
    for (const [peer, sender] of this.#senders) {
      if (sender.count > 0) averagedWith.push(peer)
      sender.count = 0
      sender.goneFor = isNeighbour(state, peer) ? 0 : sender.goneFor + 1
      if (sender.goneFor > RETAINED_ROUNDS) this.#senders.delete(peer)
    }
    const neighbourDistance = this.#count > 0 ? Math.sqrt(this.#squared / this.#count) : undefined
    this.#squared = 0
    this.#count = 0
    return { averagedWith: averagedWith.sort(), neighbourDistance }
  }

  #remember(from: string, round: number): void {
    const sender = this.#senders.get(from) ?? { rounds: [], count: 0, goneFor: 0 }
    this.#senders.set(from, sender)
    sender.count++
    sender.rounds.push(round)
    if (sender.rounds.length > RETAINED_MESSAGES) sender.rounds.shift()
  }
}
