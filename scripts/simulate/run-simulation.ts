import { createEngine, initialParameters, modelLayout } from '../../engine/index.js'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { elementCount } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { createSketch } from '../../learning/sketch.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import {
  checkMemory,
  disturb,
  joules,
  Simulation,
  trainingOperations,
  vectorsPerNode,
  WorkerPool,
  type Disturbance,
  type EnergyProfile,
  type ParsedConditions,
  type VirtualRound
} from '../../simulation/index.js'
import { exitCodes } from '../exit-codes.js'
import type { SwarmPlan } from '../swarm/config.js'
import { swarmIdentities } from '../swarm/identities.js'
import { sketchWidth } from '../swarm/messages.js'
import { parametersHash } from '../swarm/parameters-hash.js'
import type { RunRecord } from '../swarm/run-record.js'
import type { SwarmOutcome, SwarmView } from '../swarm/run-swarm.js'
import { reaches, Scoreboard, spread, type SwarmRound } from '../swarm/scoreboard.js'
import { summarise, type RealCost, type Summary } from '../swarm/summary.js'
import { readNodeData } from './node-data.js'

export interface SimulationRunInit {
  readonly plan: SwarmPlan
  readonly conditions: ParsedConditions
  readonly workers: number
  /** How many nodes are evaluated, spread evenly. */
  readonly evaluatedNodes: number
  readonly availableBytes: number
  readonly disturbances: readonly Disturbance[]
  /** Prices to reckon what each node spent; undefined: it is not reckoned. */
  readonly energy: EnergyProfile | undefined
  readonly record: RunRecord
  readonly view: SwarmView
}

/** Runs a swarm of virtual nodes in this process, and keeps the same record of it as of a real one. */
export class SimulationRun {
  readonly #init: SimulationRunInit
  readonly #scores: Scoreboard
  readonly #rejected: Record<string, number>[]
  /** Joules of each node until its latest round. */
  readonly #joules: number[] = []
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
   * @throws NotEnoughMemoryError before anything is allocated for the nodes
   * @throws UnusableEngineError, EngineError when the workers cannot train
   */
  async run(): Promise<SwarmOutcome> {
    const { plan, workers, availableBytes, disturbances, record, view } = this.#init
    const { config, task } = plan
    const { nodes, backend, until, settings } = config
    await checkPlanMemory(plan, availableBytes)
    const peers = (await swarmIdentities(settings.seed, nodes)).map(({ peer }) => peer)
    const pool = await WorkerPool.create({
      workers,
      topology: task.model,
      training: task.training,
      backend,
      data: readNodeData(plan),
      // As `createNode` derives it.
      seeds: peers.map(peer => createRng(task.seed).fork(peer).fork('batches').uint32()),
      onWarning: message => view.note(message)
    })
    const started = { ms: performance.now(), cpu: process.cpuUsage() }
    try {
      this.#simulation = this.#create(pool, peers)
      for (const each of disturbances) disturb(this.#simulation, each, task.seed)
      view.started(peers)
      if (!this.#stopping) await this.#simulation.run()
    } finally {
      view.stopped()
      await pool.stop()
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

  #create(pool: WorkerPool, peers: readonly string[]): Simulation {
    const { plan, conditions, evaluatedNodes } = this.#init
    const { config, task } = plan
    const { nodes, rounds, evalEvery } = config
    const layout = modelLayout(task.model)
    const initial = initialParameters(task.model, task.seed)
    const sketch = createSketch(layout.size, sketchWidth, task.seed)
    const sketches = peers.map(() => new Map<number, Float32Array>())
    return new Simulation(pool, {
      peers,
      graph: createTopology(task.topology).graph(nodes, task.seed),
      layout,
      initial: () => initial,
      averaging: task.averaging,
      compress: task.compress,
      localSteps: task.localSteps,
      seed: task.seed,
      rounds,
      evaluateEvery: evalEvery,
      evaluates: node =>
        Math.floor(((node + 1) * evaluatedNodes) / nodes) > Math.floor((node * evaluatedNodes) / nodes),
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
    const round = {
      ...rest,
      round: result.round,
      loss,
      averagedWith: averagedWith.length,
      missed: missed.length,
      cpuSeconds: computeSeconds,
      sketch
    }
    record.addRound(node, round)
    this.#countJoules(node, ended)
    const completed = this.#scores.add(node, round)
    view.nodeAdvanced(this.#scores)
    if (completed !== undefined) this.#swarmRoundEnded(completed)
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

  #countJoules(node: number, { bytesSent, bytesReceived, steps }: VirtualRound): void {
    const { energy, plan } = this.#init
    if (energy === undefined) return
    const { task, rows } = plan
    const batch = Math.min(task.training.batchSize, rows[node].length)
    const operations = trainingOperations(this.#simulation!.nodes[node].parameters.length, steps * batch)
    // The radio rests during local steps, and wakes once they have ended.
    const wakes = steps / task.localSteps
    this.#joules[node] = joules({ bytesSent, bytesReceived, wakes, operations }, energy)
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
    const spent = spread(Object.values(this.#joules))
    return { ...summarise(record.id, plan.config, this.#scores, this.#reached, fates), real, joules: spent }
  }
}

async function checkPlanMemory({ task, rows, config }: SwarmPlan, availableBytes: number): Promise<void> {
  const layout = modelLayout(task.model)
  const engine = await createEngine({ topology: task.model, training: task.training, backend: config.backend })
  const { stateSize } = engine
  engine.dispose()
  const graph = createTopology(task.topology).graph(rows.length, task.seed)
  const averaging = createAveraging(task.averaging, layout.size)
  const compressor = createCompressor(task.compress, layout)
  const bytesPerFeature = task.schema.kind === 'image' ? 1 : Float32Array.BYTES_PER_ELEMENT
  checkMemory(
    {
      nodes: rows.length,
      parameters: layout.size,
      stateSize,
      maxUpdateBytes: averaging.maxUpdateBytes?.(compressor) ?? compressor.maxBytes,
      vectors: vectorsPerNode(averaging, graph.neighbours.flat().length / rows.length),
      dataBytes: rows.flat().length * elementCount(task.schema.inputShape) * bytesPerFeature
    },
    availableBytes
  )
}
