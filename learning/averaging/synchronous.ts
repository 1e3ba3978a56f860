import {
  nothing,
  type Averaging,
  type AveragingState,
  type Neighbour,
  type RejectReason,
  type Send,
  type Step,
  type Update
} from './averaging.js'
import { refuse } from './refuse.js'

const nobody: readonly Neighbour[] = []

/** The updates of a round, beside the neighbours; undefined: it did not arrive. */
export type Arrived = readonly (Update | undefined)[]

/**
 * What all strategies have in common that average the updates of one round together: who got ours, who is waited for, and
 * what has arrived.
 */
export abstract class Synchronous implements Averaging {
  abstract readonly name: string
  readonly synchronous = true
  /** Whether local steps are done, so that neighbours are waited for. */
  #waiting = false
  #sentTo = nobody
  /** Who has not arrived, while neighbours are waited for. */
  #awaited: string[] = []
  /** Who has a place in `#arrived`: the neighbours, and behind them who left this round when its update was here. */
  #senders: readonly { readonly peer: string }[] = nobody
  /** Updates of this round, still encoded: decoding waits until all are in, and then goes by peer. */
  #arrived: (Update | undefined)[] = []

  /** Local steps have ended, and there are neighbours: make ready what they get. */
  protected abstract prepare(state: AveragingState): void

  /** What a neighbour gets in this round, after `prepare`. */
  protected abstract updateFor(state: AveragingState, peer: string): Update

  /** Average what arrived, for which `averageEach` is made; called once for each `prepare`. */
  protected abstract average(state: AveragingState, arrived: Arrived): Step

  trained(state: AveragingState): Step {
    if (state.neighbours.length === 0) return { ...nothing, ended: { averagedWith: [], neighbourDistance: undefined } }
    this.prepare(state)
    this.#waiting = true
    this.#senders = state.neighbours
    if (this.#arrived.length !== this.#senders.length) this.#arrived = this.#senders.map(() => undefined)
    this.#awaited = state.neighbours.map(({ peer }) => peer)
    return { send: this.#unsent(state), reject: [] }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    if (update.kind !== 'model') return refuse(from, 'unexpected')
    const place = this.#senders.findIndex(({ peer }) => peer === from)
    if (place >= 0) this.#arrived[place] = update
    remove(this.#awaited, from)
    return this.#endWhenComplete(state)
  }

  membersChanged(state: AveragingState): Step {
    if (!this.#waiting) return nothing
    this.#placeAgain(state.neighbours)
    this.#awaited = state.neighbours.map(({ peer }) => peer).filter((_, place) => this.#arrived[place] === undefined)
    const send = this.#unsent(state)
    return { ...this.#endWhenComplete(state), send }
  }

  timedOut(state: AveragingState): Step {
    return this.#end(state)
  }

  awaited(): readonly string[] {
    return this.#awaited
  }

  /** @param take - averages with one neighbour: ||theirs - ours||^2, why it is refused, or undefined where it is neither */
  protected averageEach(
    { neighbours }: AveragingState,
    arrived: Arrived,
    take: (neighbour: Neighbour, update: Update) => number | RejectReason | undefined
  ): Step {
    const taken = neighbours.map((neighbour, place) => {
      const update = arrived[place]
      return update === undefined ? undefined : take(neighbour, update)
    })
    return this.endedWith(neighbours, taken)
  }

  /** @param taken - of each peer, as `averageEach` has it */
  protected endedWith(
    peers: readonly { readonly peer: string }[],
    taken: readonly (number | RejectReason | undefined)[]
  ): Step {
    const reject: { from: string; reason: RejectReason }[] = []
    let count = 0
    let squared = 0
    for (let i = 0; i < peers.length; i++) {
      const each = taken[i]
      if (typeof each === 'string') reject.push({ from: peers[i].peer, reason: each })
      else if (each !== undefined) {
        squared += each
        count++
      }
    }
    const averaged = count === peers.length ? peers : peers.filter((_, i) => typeof taken[i] === 'number')
    const neighbourDistance = count > 0 ? Math.sqrt(squared / count) : undefined
    return { send: [], reject, ended: { averagedWith: averaged.map(({ peer }) => peer), neighbourDistance } }
  }

  /**
   * A neighbour that joined in the middle of a round gets its update too, or it would wait for us in vain. So does one
   * that left and came back, for what was on its way got lost with the link.
   */
  #unsent(state: AveragingState): readonly Send[] {
    const sentTo = this.#sentTo
    this.#sentTo = state.neighbours
    const unsent =
      sentTo.length === 0
        ? state.neighbours
        : state.neighbours.filter(({ peer }) => !sentTo.some(other => other.peer === peer))
    return unsent.map(({ peer }) => ({ type: 'send', to: peer, update: this.updateFor(state, peer) }))
  }

  #endWhenComplete(state: AveragingState): Step {
    return this.#waiting && this.#awaited.length === 0 ? this.#end(state) : nothing
  }

  #end(state: AveragingState): Step {
    const step = this.average(state, this.#arrived)
    for (let place = 0; place < this.#arrived.length; place++) this.#arrived[place] = undefined
    this.#sentTo = nobody
    this.#awaited = []
    this.#waiting = false
    return step
  }

  /** Who leaves and returns is not waited for twice. */
  #placeAgain(neighbours: readonly Neighbour[]): void {
    const arrived = new Map(this.#senders.map(({ peer }, place) => [peer, this.#arrived[place]]))
    const left = this.#senders.filter(
      ({ peer }) => arrived.get(peer) !== undefined && !neighbours.some(neighbour => neighbour.peer === peer)
    )
    this.#senders = [...neighbours, ...left]
    this.#arrived = this.#senders.map(({ peer }) => arrived.get(peer))
  }
}

/** Remove an item, if it is there. Changes `items`; `splice` would make a list of what it removes, and `copyWithin` is slow. */
function remove(items: string[], item: string): void {
  const place = items.indexOf(item)
  if (place < 0) return
  for (let i = place + 1; i < items.length; i++) items[i - 1] = items[i]
  items.pop()
}
