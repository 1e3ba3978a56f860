import type { DataSplit, Dataset } from '../../data/index.js'
import { buildModel, initialParameters, modelLayout, type TrainingSettings } from '../../engine/index.js'
import { createLayout } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import {
  AnalyticWorkforce,
  nothingToLearn,
  parseConditions,
  Simulation,
  WorkerPool,
  type AnalyticProblem,
  type Conditions,
  type SimulationInit,
  type VirtualRound
} from '../../simulation/index.js'

/** What a test may set of a simulation; the rest has defaults for tests. */
export interface TestOptions extends Partial<Omit<SimulationInit, 'graph' | 'conditions' | 'peers'>> {
  readonly topology?: string
  readonly conditions?: Partial<Conditions>
}

export function peersOf(nodes: number): string[] {
  return Array.from({ length: nodes }, (_, i) => String(i).padStart(6, '0'))
}

export function initOf(nodes: number, length: number, options: TestOptions = {}): SimulationInit {
  const { topology = 'ring', conditions = {}, ...rest } = options
  const seed = rest.seed ?? 1
  return {
    peers: peersOf(nodes),
    layout: createLayout([{ name: 'w', shape: [length] }]),
    initial: node => randomModel(length, createRng('model').fork(node)),
    averaging: 'd-psgd',
    compress: 'float32',
    localSteps: 1,
    rounds: 5,
    evaluateEvery: 0,
    ...rest,
    seed,
    graph: createTopology(topology).graph(nodes, seed),
    conditions: parseConditions(conditions)
  }
}

/** A simulation of something that needs no worker. */
export function analytic(
  nodes: number,
  length: number,
  options: TestOptions = {},
  problem: AnalyticProblem = nothingToLearn
): Simulation {
  return new Simulation(new AnalyticWorkforce(problem, length), initOf(nodes, length, options))
}

export function randomModel(length: number, rng: Rng): Float32Array {
  return Float32Array.from({ length }, () => rng.normal())
}

/** What nodes learned, and all that they reported. */
export interface Learned {
  readonly models: readonly Float32Array[]
  readonly rounds: readonly (VirtualRound & { readonly node: number })[]
}

/** Nodes that really learn, in a pool: a softmax regression on a few random rows each. */
export async function learn(
  nodes: number,
  workers: number,
  optimizer: TrainingSettings['optimizer'],
  options: TestOptions
): Promise<Learned> {
  const topology = buildModel('softmax', [6], 3, 'softmax-cross-entropy')
  const pool = await WorkerPool.create({
    workers,
    topology,
    training: { loss: 'softmax-cross-entropy', optimizer, learningRate: 0.1, momentum: 0.9, batchSize: 4 },
    backend: 'plan',
    data: Array.from({ length: nodes }, (_, node) => rowsOf(createRng('rows').fork(node))),
    seeds: Array.from({ length: nodes }, (_, node) => createRng('batches').fork(node).uint32())
  })
  try {
    const layout = modelLayout(topology)
    const rounds: Learned['rounds'][number][] = []
    const simulation = new Simulation(pool, {
      ...initOf(nodes, layout.size, options),
      layout,
      initial: () => initialParameters(topology, 1),
      onRound: (node, round) => rounds.push({ node, ...round })
    })
    await simulation.run()
    return { models: simulation.models, rounds }
  } finally {
    await pool.stop()
  }
}

function rowsOf(rng: Rng): DataSplit {
  return { train: randomRows(12, rng), test: randomRows(20, rng) }
}

function randomRows(rows: number, rng: Rng): Dataset {
  const features = new Float32Array(new SharedArrayBuffer(rows * 6 * 4)).map(() => rng.normal())
  const labels = Float32Array.from({ length: rows }, (_, row) => (features[6 * row] > 0 ? rng.integer(2) : 2))
  return { rows, inputShape: [6], features, scale: 1, labels }
}
