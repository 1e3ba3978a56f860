import type { Evaluation } from '../../engine/index.js'
import { consensusDistance } from '../../learning/parameters.js'
import type { Target } from '../options.js'
import type { NodeRound } from './messages.js'

/** Mean, least and greatest over the nodes. */
export interface Spread {
  readonly mean: number
  readonly min: number
  readonly max: number
}

/** One round of the swarm: what the nodes that ended it say of it. */
export interface SwarmRound {
  readonly round: number
  readonly loss: number
  /** Missing when the round was not evaluated, or for regression. */
  readonly accuracy: Spread | undefined
  /** Missing when the round was not evaluated, or for classification. */
  readonly r2: Spread | undefined
  /** Mean test loss. */
  readonly testLoss: number | undefined
  readonly consensusDistance: number
  /** Mean over the nodes of the sketches of their models. */
  readonly center: Float64Array
  readonly bytesSentPerNode: number
  readonly bytesReceivedPerNode: number
  /** Since learning started, of the last node to end the round. */
  readonly seconds: number
  /** CPU for training and network, all nodes together. */
  readonly cpuSeconds: number
  /** Of a simulation. */
  readonly joulesPerNode: number | undefined
}

/**
 * Collects the nodes' rounds into rounds of the swarm. It watches; nothing that it computes goes back to the nodes.
 *
 * A round of the swarm is complete when no node that is left can end it any more: each has ended it, or a later one. A node that
 * was away skips rounds when it catches up, and figures are then means over the others.
 */
export class Scoreboard {
  /** Rounds that some node has ended, and that are not complete. */
  readonly #rounds = new Map<number, Map<number, NodeRound>>()
  readonly #latest = new Map<number, NodeRound>()
  readonly #present: Set<number>
  /** How many of the nodes that are left have which latest round. */
  readonly #standings: Map<number, number>
  readonly #evaluations = new Map<number, Evaluation>()
  #last: SwarmRound | undefined

  constructor(nodes: number) {
    this.#present = new Set(Array.from({ length: nodes }, (_, index) => index))
    this.#standings = new Map([[0, nodes]])
  }

  /** The latest round of each node that has ended one. */
  get latest(): ReadonlyMap<number, NodeRound> {
    return this.#latest
  }

  /** The latest round of the swarm. */
  get last(): SwarmRound | undefined {
    return this.#last
  }

  /** The latest evaluation of each node that has made one. */
  get evaluations(): ReadonlyMap<number, Evaluation> {
    return this.#evaluations
  }

  /** @param round - the nodes tell of theirs in order. @returns the rounds of the swarm that this completes, in order */
  add(index: number, round: NodeRound): SwarmRound[] {
    const before = this.#latest.get(index)?.round ?? 0
    this.#latest.set(index, round)
    if (round.evaluation !== undefined) this.#evaluations.set(index, round.evaluation)
    const byNode = this.#rounds.get(round.round) ?? new Map<number, NodeRound>()
    this.#rounds.set(round.round, byNode)
    byNode.set(index, round)
    if (!this.#present.has(index)) return []
    this.#standings.set(round.round, (this.#standings.get(round.round) ?? 0) + 1)
    return this.#movedOn(before)
  }

  /** A node is gone: nobody waits for its rounds. @returns the rounds that this completes, in order */
  lose(index: number): SwarmRound[] {
    if (!this.#present.delete(index)) return []
    return this.#movedOn(this.#latest.get(index)?.round ?? 0)
  }

  /** One node less has this latest round. */
  #movedOn(from: number): SwarmRound[] {
    const left = this.#standings.get(from)! - 1
    this.#standings.set(from, left)
    if (left > 0) return []
    this.#standings.delete(from)
    const reachedByAll = Math.min(...this.#standings.keys())
    const complete = [...this.#rounds.keys()].filter(round => round <= reachedByAll)
    return complete.sort((a, b) => a - b).map(round => this.#complete(round))
  }

  #complete(round: number): SwarmRound {
    const all = [...this.#rounds.get(round)!.values()]
    this.#rounds.delete(round)
    const evaluations = all.flatMap(({ evaluation }) => evaluation ?? [])
    this.#last = {
      round,
      loss: mean(all.map(({ loss }) => loss)),
      accuracy: spread(evaluations.flatMap(({ accuracy }) => accuracy ?? [])),
      r2: spread(evaluations.flatMap(({ r2 }) => r2 ?? [])),
      testLoss: spread(evaluations.map(({ loss }) => loss))?.mean,
      consensusDistance: consensusDistance(all.map(({ sketch }) => sketch)),
      center: centerOf(all.map(({ sketch }) => sketch)),
      bytesSentPerNode: mean(all.map(({ bytesSent }) => bytesSent)),
      bytesReceivedPerNode: mean(all.map(({ bytesReceived }) => bytesReceived)),
      seconds: Math.max(...all.map(({ seconds }) => seconds)),
      cpuSeconds: all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      joulesPerNode: spread(all.flatMap(({ joules }) => joules ?? []))?.mean
    }
    return this.#last
  }
}

/** Whether a round has what was asked for: a mean accuracy or r2 at least, or a mean test loss at most, the value. */
export function reaches({ accuracy, r2, testLoss }: SwarmRound, { metric, value }: Target): boolean {
  if (metric === 'loss') return testLoss !== undefined && testLoss <= value
  const figure = metric === 'accuracy' ? accuracy : r2
  return figure !== undefined && figure.mean >= value
}

export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return { mean: mean(values), min: Math.min(...values), max: Math.max(...values) }
}

function centerOf(vectors: readonly Float32Array[]): Float64Array {
  const center = new Float64Array(vectors[0].length)
  for (const vector of vectors) for (let k = 0; k < center.length; k++) center[k] += vector[k] / vectors.length
  return center
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
