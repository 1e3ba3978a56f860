import { createEngine, initialParameters, modelLayout } from '../../engine/index.js'
import { checkCompressor } from '../../learning/averaging/check-compressor.js'
import { checkTopology } from '../../learning/averaging/check-topology.js'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { createLayout, elementCount, type Layout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { checkRoundMemory } from '../../learning/round-memory/create-round-memory.js'
import { RoundMemory } from '../../learning/round-memory/round-memory.js'
import { checkSharing, checkSharingForm, parseSharing } from '../../learning/sharing.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { localTraining } from '../../node/settings.js'
import {
  AnalyticWorkforce,
  parseProblem,
  trainingOperations,
  vectorsPerNode,
  WorkerPool,
  type MemoryNeeds,
  type Workforce
} from '../../simulation/index.js'
import { UsageError } from '../errors.js'
import { checkBudgetOn, planSwarm, type SwarmConfig, type SwarmPlan } from '../swarm/config.js'
import { readNodeData } from './node-data.js'

/** What virtual nodes learn, and who trains it. */
export interface Subject {
  /** For people: `1000 rows each (mnist, iid)`. */
  readonly what: string
  readonly layout: Layout
  /** Model of a node to begin with. */
  initial(node: number): Float32Array
  memoryNeeds(): Promise<MemoryNeeds>
  /** Multiply-accumulates of a local step. */
  operationsPerStep(node: number): number
  /** @throws UnusableEngineError when nothing can train the model */
  start(peers: readonly string[], workers: number, onWarning: (message: string) => void): Promise<Workforce>
}

/**
 * @param problem - spec of a problem without data; undefined: the data of the config
 * @throws whatever is wrong with the config, as `planSwarm` and `parseProblem` do
 */
export function createSubject(config: SwarmConfig, problem: string | undefined): Subject {
  return problem === undefined ? dataSubject(planSwarm(config)) : analyticSubject(config, problem)
}

function dataSubject(plan: SwarmPlan): Subject {
  const { config, task, rows } = plan
  const { model } = task
  const training = localTraining(task)
  const layout = modelLayout(model)
  const initial = initialParameters(model, task.seed)
  return {
    what: `${rows[0].length} rows each (${config.dataset}, ${config.partition})`,
    layout,
    initial: () => initial,
    async memoryNeeds() {
      const engine = await createEngine({ topology: model, training, backend: config.backend, reproducible: true })
      const { stateSize } = engine
      engine.dispose()
      const bytesPerFeature = task.schema.kind === 'image' ? 1 : Float32Array.BYTES_PER_ELEMENT
      const dataBytes = rows.flat().length * elementCount(task.schema.inputShape) * bytesPerFeature
      return { nodes: rows.length, ...modelNeeds(config, layout), stateSize, dataBytes }
    },
    operationsPerStep: node => trainingOperations(layout.size, Math.min(training.batchSize, rows[node].length)),
    start: (peers, workers, onWarning) =>
      WorkerPool.create({
        workers,
        topology: model,
        training,
        backend: config.backend,
        data: readNodeData(plan),
        // As `createNode` derives it.
        seeds: peers.map(peer => createRng(task.seed).fork(peer).fork('batches').uint32()),
        onWarning
      })
  }
}

function analyticSubject(config: SwarmConfig, spec: string): Subject {
  const { nodes, settings, until } = config
  if (until !== undefined && until.metric !== 'loss') {
    const { metric, value } = until
    throw new UsageError(`--until ${metric}=${value}: ${spec} has no labels; expected loss, as in loss=0.1.`)
  }
  const { averaging, learningRate, roundMemory, seed } = settings
  if (roundMemory !== undefined) checkRoundMemory(roundMemory, createAveraging(averaging, 1), undefined)
  const problem = parseProblem(spec, { nodes, learningRate, seed })
  const layout = createLayout([{ name: problem.spec, shape: [problem.dimension] }])
  const needs = modelNeeds(config, layout)
  return {
    what: problem.spec,
    layout,
    initial: node => problem.initial(node),
    // Curvatures and centres.
    memoryNeeds: async () => ({ nodes, ...needs, stateSize: 2 * problem.dimension, dataBytes: 0 }),
    operationsPerStep: () => trainingOperations(problem.dimension, 1),
    start: async () => new AnalyticWorkforce(problem, problem.dimension)
  }
}

function modelNeeds({ nodes, settings }: SwarmConfig, layout: Layout) {
  const topology = createTopology(settings.topology)
  const graph = topology.graph(nodes, settings.seed)
  const averaging = createAveraging(settings.averaging, layout.size)
  checkTopology(averaging, topology)
  const compressor = createCompressor(settings.compress, layout)
  checkCompressor(averaging, compressor)
  const sharing = settings.sharing === undefined ? undefined : parseSharing(settings.sharing)
  checkSharing(averaging, sharing)
  checkSharingForm(compressor, sharing)
  checkBudgetOn(graph, compressor)
  const remembered = settings.roundMemory === undefined ? 0 : RoundMemory.vectors
  const maxUpdateBytes = averaging.maxUpdateBytes?.(compressor) ?? compressor.maxBytes
  return {
    parameters: layout.size,
    maxUpdateBytes,
    vectors: remembered + vectorsPerNode(averaging, graph.neighbours.flat().length / nodes)
  }
}
