import type { Target } from '../options.js'
import { checkRoom, planSimulation, type SimulationConfig, type SimulationPlan } from '../simulate/config.js'
import { SimulationRun } from '../simulate/run-simulation.js'
import { collectRounds } from '../swarm/collect-rounds.js'
import type { Stoppable } from '../swarm/interrupt.js'
import { RunRecord } from '../swarm/run-record.js'
import type { SwarmRound } from '../swarm/scoreboard.js'
import { resultOf, type VariantResult, type VariantRun } from './result.js'
import { configOfVariant, type Variant } from './variant.js'

export interface ComparisonInit {
  /** Of all runs, but for what a variant says. */
  readonly base: SimulationConfig
  readonly variants: readonly Variant[]
  readonly learningRates: readonly number[]
  readonly seeds: readonly number[]
  readonly target: Target | undefined
  readonly workers: number
  readonly availableBytes: number
  /** Where each run keeps its record. */
  readonly folder: string
  readonly onRun: (name: string, done: number, all: number, last: SwarmRound) => void
}

interface PlannedRun {
  readonly variant: Variant
  readonly learningRate: number
  readonly seed: number
  readonly plan: SimulationPlan
}

/** Of a thousand nodes, a line for each round is not worth a write each. */
const bufferedLines = 1000

/** Runs every variant with every learning rate and seed, one after another. */
export class ComparisonRun implements Stoppable {
  readonly #init: ComparisonInit
  readonly #runs: readonly PlannedRun[]
  #current: SimulationRun | undefined
  #stopped = false

  /** @throws whatever is wrong with any of the runs, before the first one starts */
  constructor(init: ComparisonInit) {
    const { base, variants, learningRates, seeds, target, availableBytes } = init
    this.#init = init
    // Single runs do not stop at the target, and so do not ask whether there can be one.
    planSimulation({ ...configOfVariant(base, variants[0], learningRates[0], seeds[0]), until: target }, availableBytes)
    this.#runs = variants.flatMap(variant =>
      learningRates.flatMap(learningRate =>
        seeds.map(seed => {
          const plan = planSimulation(configOfVariant(base, variant, learningRate, seed), availableBytes)
          return { variant, learningRate, seed, plan }
        })
      )
    )
  }

  /**
   * @returns a result for each variant that has finished all its runs: all of them, unless the run was stopped
   * @throws NotEnoughMemoryError, UnusableEngineError before the first run starts
   */
  async run(): Promise<VariantResult[]> {
    const { variants, learningRates, seeds, target, availableBytes } = this.#init
    for (const variant of variants) {
      // Neither learning rates nor seeds need memory.
      await checkRoom(this.#runs.find(run => run.variant === variant)!.plan, availableBytes)
    }
    const done = new Map<Variant, VariantRun[]>(variants.map(variant => [variant, []]))
    for (const [index, planned] of this.#runs.entries()) {
      const ended = await this.#runOne(planned, index)
      if (this.#stopped) break
      done.get(planned.variant)!.push(ended)
    }
    const complete = variants.filter(variant => done.get(variant)!.length === learningRates.length * seeds.length)
    return complete.map(variant => resultOf(variant, done.get(variant)!, target))
  }

  stop(): void {
    this.#stopped = true
    this.#current?.stop()
  }

  /** Nothing outlives this process. */
  kill(): void {}

  async #runOne({ variant, learningRate, seed, plan }: PlannedRun, index: number): Promise<VariantRun> {
    const { workers, folder, onRun } = this.#init
    const name = `${variant.name} ${learningRate} ${seed}`
    const record = new RunRecord(folder, plan.config, name.replaceAll('/', '+'), bufferedLines)
    const rounds: SwarmRound[] = []
    this.#current = new SimulationRun({ plan, workers, record, view: collectRounds(rounds) })
    const { summary } = await this.#current.run()
    if (rounds.length > 0) onRun(name, index + 1, this.#runs.length, rounds[rounds.length - 1])
    return { seed, learningRate, rounds, summary }
  }
}
