import { createSketch } from '../../learning/sketch.js'
import { createRoundMemory } from '../../learning/round-memory/create-round-memory.js'
import { parseSharing } from '../../learning/sharing.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import {
  disturb,
  energyProfiles,
  energySpent,
  joules,
  Simulation,
  type EnergySpent,
  type VirtualRound,
  type Workforce
} from '../../simulation/index.js'
import { exitCodes } from '../exit-codes.js'
import { swarmIdentities } from '../swarm/identities.js'
import { sketchWidth } from '../swarm/messages.js'
import { parametersHash } from '../swarm/parameters-hash.js'
import type { RunRecord } from '../swarm/run-record.js'
import type { SwarmOutcome, SwarmView } from '../swarm/run-swarm.js'
import { reaches, Scoreboard, spread, type SwarmRound } from '../swarm/scoreboard.js'
import { summarise, type RealCost, type Summary } from '../swarm/summary.js'
import type { SimulationPlan } from './config.js'

export interface SimulationRunInit {
  /** There is room for it; see `checkRoom`. */
  readonly plan: SimulationPlan
  readonly workers: number
  readonly record: Pick<RunRecord, 'id' | 'addRound' | 'addSummary'>
  readonly view: SwarmView
  /** Models of no more parameters are compared whole, others by sketches of so many numbers. @default 256 */
  readonly sketchWidth?: number
}

/** Runs a swarm of virtual nodes in this process, and keeps the same record of it as of a real one. */
export class SimulationRun {
  readonly #init: SimulationRunInit
  readonly #scores: Scoreboard
  readonly #rejected: Record<string, number>[]
  /** What each node had spent at its latest round, in joules. */
  readonly #spent: EnergySpent[] = []
  readonly #left = new Set<number>()
  #simulation: Simulation | undefined
  #reached: SwarmRound | undefined
  #stopping = false

  constructor(init: SimulationRunInit) {
    const { nodes } = init.plan.config
    this.#init = init
    this.#scores = new Scoreboard(nodes)
    this.#rejected = Array.from({ length: nodes }, () => ({}))
  }

  /**
   * @throws UnusableEngineError, EngineError when the workers cannot train
   */
  async run(): Promise<SwarmOutcome> {
    const { plan, workers, record, view } = this.#init
    const { config, subject } = plan
    const { nodes, until, churn, settings } = config
    const peers = swarmIdentities(settings.seed, nodes).map(({ peer }) => peer)
    const workforce = await subject.start(peers, workers, message => view.note(message))
    const started = { ms: performance.now(), cpu: process.cpuUsage() }
    try {
      this.#simulation = this.#create(workforce, peers)
      for (const each of churn) disturb(this.#simulation, each, settings.seed)
      view.started(peers)
      if (!this.#stopping) await this.#simulation.run()
    } finally {
      view.stopped()
      await workforce.stop()
    }
    const { user, system } = process.cpuUsage(started.cpu)
    const real = {
      wall: (performance.now() - started.ms) / 1000,
      cpu: (user + system) / 1e6,
      events: this.#simulation.clock.events
    }
    const summary = this.#summarise(peers, this.#simulation, real)
    record.addSummary(summary)
    const missed = until !== undefined && this.#reached === undefined
    return { summary, exitCode: missed ? exitCodes.targetMissed : exitCodes.done }
  }

  /** End the run cleanly. What was learned until now is kept. */
  stop(): void {
    this.#stopping = true
    this.#simulation?.stop()
  }

  /** Nothing outlives this process. */
  kill(): void {}

  #create(workforce: Workforce, peers: readonly string[]): Simulation {
    const { plan, sketchWidth: width = sketchWidth } = this.#init
    const { conditions, subject } = plan
    const { nodes, rounds, evalEvery, evalNodes, settings } = plan.config
    const { topology, averaging, compress, localSteps, sharing, roundMemory, seed } = settings
    const { layout } = subject
    const sketch =
      layout.size <= width ? (model: Float32Array) => model.slice() : createSketch(layout.size, width, seed)
    const sketches = peers.map(() => new Map<number, Float32Array>())
    return new Simulation(workforce, {
      peers,
      graph: createTopology(topology).graph(nodes, seed),
      layout,
      initial: node => subject.initial(node),
      averaging,
      compress,
      localSteps,
      sharing: sharing === undefined ? undefined : parseSharing(sharing),
      createMemory:
        roundMemory === undefined ? undefined : state => createRoundMemory(roundMemory, { state, ...settings }),
      seed,
      rounds,
      evaluateEvery: evalEvery,
      evaluates: node => Math.floor(((node + 1) * evalNodes) / nodes) > Math.floor((node * evalNodes) / nodes),
      conditions,
      onAveraged: (node, { round }, parameters) => sketches[node].set(round, sketch(parameters)),
      onRound: (node, ended) => {
        this.#roundEnded(node, ended, sketches[node].get(ended.result.round)!)
        sketches[node].delete(ended.result.round)
      },
      onLeft: node => this.#nodeLeft(node),
      onRejected: (node, _, reason) => {
        this.#rejected[node][reason] = (this.#rejected[node][reason] ?? 0) + 1
      }
    })
  }

  #roundEnded(node: number, ended: VirtualRound, sketch: Float32Array): void {
    const { record, view } = this.#init
    const { result, computeSeconds, ...rest } = ended
    const { averagedWith, missed, loss } = result
    const spent = this.#energySpent(node, ended)
    this.#spent[node] = spent
    const round = {
      ...rest,
      round: result.round,
      loss,
      averagedWith: averagedWith.length,
      missed: missed.length,
      cpuSeconds: computeSeconds,
      joules: joules(spent),
      sketch
    }
    record.addRound(node, round)
    const completed = this.#scores.add(node, round)
    view.nodeAdvanced(this.#scores)
    for (const each of completed) this.#swarmRoundEnded(each)
  }

  #nodeLeft(node: number): void {
    this.#left.add(node)
    for (const completed of this.#scores.lose(node)) this.#swarmRoundEnded(completed)
  }

  #swarmRoundEnded(completed: SwarmRound): void {
    const { view, plan } = this.#init
    view.roundEnded(completed, this.#scores)
    const { until } = plan.config
    if (until === undefined || this.#reached !== undefined || !reaches(completed, until)) return
    this.#reached = completed
    this.stop()
  }

  #energySpent(node: number, { bytesSent, bytesReceived, steps }: VirtualRound): EnergySpent {
    const { config, subject } = this.#init.plan
    const operations = steps * subject.operationsPerStep(node)
    // The radio rests during local steps, and wakes once they have ended.
    const wakes = steps / config.settings.localSteps
    return energySpent({ bytesSent, bytesReceived, wakes, operations }, energyProfiles[config.energy])
  }

  #summarise(peers: readonly string[], { nodes }: Simulation, real: RealCost): Summary {
    const rss = Math.round(process.memoryUsage.rss() / peers.length)
    const peakRss = Math.round((process.resourceUsage().maxRSS * 1024) / peers.length)
    const fates = peers.map((peer, node) => ({
      peer,
      lost: this.#left.has(node),
      end: { rss, peakRss, rejected: this.#rejected[node], parametersHash: parametersHash(nodes[node].parameters) }
    }))
    const { record, plan } = this.#init
    const summary = summarise(record.id, plan.config, this.#scores, this.#reached, fates)
    return { ...summary, real, joules: joulesOf(Object.values(this.#spent)) }
  }
}

/** @returns undefined before the first round */
function joulesOf(spent: readonly EnergySpent[]): Summary['joules'] {
  const total = spread(spent.map(joules))
  if (total === undefined) return undefined
  const mean = (of: keyof EnergySpent): number => spent.reduce((sum, each) => sum + each[of] / spent.length, 0)
  return { ...total, computing: mean('computing'), radio: mean('radio'), wakes: mean('wakes') }
}
