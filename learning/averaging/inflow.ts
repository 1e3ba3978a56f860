import type { AveragingState, Ended, RejectReason } from './averaging.js'
import { moveTowards } from './move-towards.js'
import { isNeighbour } from './neighbours.js'
import type { Scratch } from './scratch.js'

interface Sender {
  /** Of the message that was averaged last. */
  round: number
  /** How many were averaged since this node's round began. */
  count: number
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
    if (sender?.round === round) return 'duplicate'
    return sender !== undefined && sender.count >= this.#mostPerPeer ? 'surplus' : undefined
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
    this.#senders.set(from, { round, count: (this.#senders.get(from)?.count ?? 0) + 1 })
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
      // It may begin anew when it comes back.
      if (!isNeighbour(state, peer)) this.#senders.delete(peer)
    }
    const neighbourDistance = this.#count > 0 ? Math.sqrt(this.#squared / this.#count) : undefined
    this.#squared = 0
    this.#count = 0
    return { averagedWith: averagedWith.sort(), neighbourDistance }
  }
}
