import type { Target } from '../options.js'
import { reaches, type Spread, type SwarmRound } from '../swarm/scoreboard.js'
import type { Summary } from '../swarm/summary.js'
import type { Variant } from './variant.js'

/** One run: one variant, learning rate and seed. */
export interface VariantRun {
  readonly seed: number
  readonly learningRate: number
  /** In order. */
  readonly rounds: readonly SwarmRound[]
  readonly summary: Summary
}

/** Over the seeds. */
export interface Median {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A node's share, on average over the nodes. */
export interface Cost {
  readonly rounds: Median
  readonly bytes: Median
  readonly seconds: Median
  readonly joules: Median
}

export interface VariantResult {
  readonly variant: Variant
  /** The best of the grid for this variant. */
  readonly learningRate: number
  readonly grid: readonly { readonly learningRate: number; readonly score: Median }[]
  /** With that learning rate. */
  readonly runs: readonly VariantRun[]
  readonly figure: FigureName
  /** Of the last evaluation: mean over the nodes, and the worst node. */
  readonly mean: Median
  readonly worst: Median
  readonly consensusDistance: Median
  /** Until the end. */
  readonly cost: Cost
  /** Until the target, over the seeds that reached it. */
  readonly toTarget: { readonly reached: number; readonly cost: Cost | undefined } | undefined
}

export type FigureName = 'accuracy' | 'r2' | 'loss'

/** What tells how well the swarm does: accuracy or r2 where there is one, else the test loss. */
export function figureOf(rounds: readonly SwarmRound[]): FigureName {
  if (rounds.some(({ accuracy }) => accuracy !== undefined)) return 'accuracy'
  return rounds.some(({ r2 }) => r2 !== undefined) ? 'r2' : 'loss'
}

/** Of a round that was evaluated; of the loss only the mean is known. */
export function valueOf(round: SwarmRound, figure: FigureName): Spread | undefined {
  const { testLoss } = round
  if (figure !== 'loss') return round[figure]
  return testLoss === undefined ? undefined : { mean: testLoss, min: testLoss, max: testLoss }
}

/** @param runs - of one variant, with all learning rates; at least one, each with at least one evaluated round */
export function resultOf(variant: Variant, runs: readonly VariantRun[], target: Target | undefined): VariantResult {
  const figure = figureOf(runs[0].rounds)
  const rates = [...new Set(runs.map(({ learningRate }) => learningRate))]
  const last = ({ rounds }: VariantRun): Spread => rounds.map(round => valueOf(round, figure)).findLast(defined)!
  const grid = rates.map(learningRate => {
    const own = runs.filter(run => run.learningRate === learningRate)
    return { learningRate, score: medianOf(own.map(run => last(run).mean)), own }
  })
  const better = (a: number, b: number): boolean => (figure === 'loss' ? a < b : a > b)
  const best = grid.reduce((a, b) => (better(b.score.median, a.score.median) ? b : a))
  const ends = best.own.map(({ rounds }) => rounds.at(-1)!)
  const reached = best.own.flatMap(
    ({ rounds }) => rounds.find(round => target !== undefined && reaches(round, target)) ?? []
  )
  return {
    variant,
    learningRate: best.learningRate,
    grid: grid.map(({ learningRate, score }) => ({ learningRate, score })),
    runs: best.own,
    figure,
    mean: best.score,
    worst: medianOf(best.own.map(run => (figure === 'loss' ? last(run).max : last(run).min))),
    consensusDistance: medianOf(ends.map(({ consensusDistance }) => consensusDistance)),
    cost: costOf(ends),
    toTarget:
      target === undefined
        ? undefined
        : { reached: reached.length, cost: reached.length === 0 ? undefined : costOf(reached) }
  }
}

/** @param values - at least one; of an even number the median is the mean of the two in the middle */
export function medianOf(values: readonly number[]): Median {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

function costOf(rounds: readonly SwarmRound[]): Cost {
  return {
    rounds: medianOf(rounds.map(({ round }) => round)),
    bytes: medianOf(rounds.map(({ bytesSentPerNode }) => bytesSentPerNode)),
    seconds: medianOf(rounds.map(({ seconds }) => seconds)),
    joules: medianOf(rounds.map(({ joulesPerNode }) => joulesPerNode ?? 0))
  }
}

function defined<T>(value: T | undefined): value is T {
  return value !== undefined
}
