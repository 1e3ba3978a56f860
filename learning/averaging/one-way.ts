import { nothing, type Averaging, type AveragingState, type Step, type Update } from './averaging.js'
import { Inflow } from './inflow.js'
import type { Scratch } from './scratch.js'

/** What all strategies have in common whose messages are one-way: a round waits for nobody, and is told what came meanwhile. */
export abstract class OneWay implements Averaging {
  abstract readonly name: string
  readonly sendsModels = true
  readonly synchronous = false
  readonly oneWay = true
  protected readonly inflow: Inflow

  /** @param mostPerPeer - models of one peer that are averaged in a round of this node */
  constructor(mostPerPeer: number, scratch: Scratch) {
    this.inflow = new Inflow(mostPerPeer, scratch)
  }

  abstract trained(state: AveragingState): Step

  abstract received(state: AveragingState, from: string, update: Update): Step

  membersChanged(): Step {
    return nothing
  }

  timedOut(state: AveragingState): Step {
    return { ...nothing, ended: this.inflow.end(state) }
  }

  awaited(): readonly string[] {
    return []
  }
}
