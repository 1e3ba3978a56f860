import { availableParallelism } from 'node:os'
import { mnistFolder } from '../../data/index.js'
import { initialParameters, modelLayout } from '../../engine/index.js'
import { createLayout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { defaultSettings } from '../../node/learning-settings.js'
import {
  AnalyticWorkforce,
  nothingToLearn,
  parseConditions,
  Simulation,
  WorkerPool,
  type SimulationInit
} from '../../simulation/index.js'
import { readNodeData } from '../simulate/node-data.js'
import { planSwarm } from '../swarm/config.js'

export interface BenchCase {
  readonly nodes: number
  readonly rounds: number
  readonly topology: string
  readonly averaging: string
  /** Number of parameters when nothing is learned, else a built-in model on MNIST. */
  readonly model: number | string
  readonly samples?: number
  readonly localSteps?: number
  readonly maxSeconds?: number
  readonly maxBytes?: number
  readonly minEventsPerSecond?: number
  /** What `--quick` runs instead. */
  readonly quick: { readonly nodes?: number; readonly rounds?: number }
}

/** A case at the size that is asked for; its time is allowed to be as much shorter as there are fewer nodes and rounds. */
export function benchCase(name: string, quick: boolean): BenchCase {
  const full = benchCases[name]
  if (!quick) return full
  const scaled = { ...full, ...full.quick }
  const share = (scaled.nodes * scaled.rounds) / (full.nodes * full.rounds)
  return full.maxSeconds === undefined ? scaled : { ...scaled, maxSeconds: full.maxSeconds * share }
}

/** What a case took, from its first event to its last. */
export interface Figures {
  readonly seconds: number
  /** Of all threads. */
  readonly cpuSeconds: number
  /**
   * Of all threads, a node and round, the first fifth of the rounds left out: nodes are created once, however many rounds there are,
   * and the code is compiled meanwhile.
   */
  readonly roundCpuSeconds: number
  readonly events: number
  readonly peakBytes: number
  /** Mean over a few nodes after the last round. */
  readonly accuracy: number | undefined
}

const softmax = { topology: 'random-regular:4', averaging: 'swarm-sgd', model: 'softmax', samples: 6, localSteps: 1 }

/** The same work in swarms of ten and ten times as many nodes. */
export const flatnessCases = {
  'flatness-100': { ...softmax, nodes: 100, rounds: 2000, quick: { rounds: 500 } },
  'flatness-1000': { ...softmax, nodes: 1000, rounds: 200, quick: { rounds: 50 } },
  'flatness-10000': { ...softmax, nodes: 10_000, rounds: 20, quick: { rounds: 5 } }
} as const satisfies Record<string, BenchCase>

export const benchCases: Readonly<Record<string, BenchCase>> = {
  'mlp-1000': {
    ...{ nodes: 1000, rounds: 50, topology: 'random-regular:4', averaging: 'd-psgd', model: 'mlp', samples: 60 },
    ...{ localSteps: 2, maxSeconds: 120, maxBytes: 2.5e9, quick: { nodes: 200, rounds: 10 } }
  },
  'softmax-10000': {
    ...{ ...softmax, nodes: 10_000, rounds: 100, maxSeconds: 180, maxBytes: 3e9, quick: { rounds: 10 } }
  },
  consensus: {
    ...{ nodes: 4096, rounds: 24, topology: 'random-regular:4', averaging: 'd-psgd', model: 1000, maxSeconds: 3 },
    quick: {}
  },
  ...flatnessCases,
  events: {
    ...{ nodes: 1000, rounds: 200, topology: 'random-regular:4', averaging: 'swarm-sgd', model: 1 },
    ...{ minEventsPerSecond: 200_000, quick: { rounds: 100 } }
  }
}

const compress = 'quantize:8'
/** The share of the rounds before those that `roundCpuSeconds` is of. */
const warmUpShare = 0.2
/** Nodes that are evaluated after the last round. */
const evaluatedNodes = 20

export async function measure(bench: BenchCase): Promise<Figures> {
  const { nodes, rounds, topology, averaging, model, localSteps = 1 } = bench
  const accuracies: number[] = []
  const allRounds = nodes * rounds
  const warmUpRounds = Math.floor(warmUpShare * rounds) * nodes
  let ended = 0
  let warmUpCpu = process.cpuUsage()
  const common = {
    graph: createTopology(topology).graph(nodes, 1),
    peers: Array.from({ length: nodes }, (_, i) => String(i).padStart(6, '0')),
    averaging,
    compress,
    localSteps,
    seed: 1,
    rounds,
    evaluateEvery: typeof model === 'number' ? 0 : rounds,
    evaluates: (node: number) => node < evaluatedNodes,
    conditions: parseConditions({ latency: 'uniform:10,30', stepTime: 'uniform:4,6' }),
    onRound: (_, { evaluation }) => {
      if (++ended === warmUpRounds) warmUpCpu = process.cpuUsage()
      if (evaluation?.accuracy !== undefined) accuracies.push(evaluation.accuracy)
    }
  } satisfies Partial<SimulationInit>
  const { workforce, ...learned } = typeof model === 'number' ? gossip(model) : await learning(bench, common.peers)
  try {
    const simulation = new Simulation(workforce, { ...common, ...learned })
    const started = { ms: performance.now(), cpu: process.cpuUsage() }
    await simulation.run()
    return {
      seconds: (performance.now() - started.ms) / 1000,
      cpuSeconds: cpuSecondsSince(started.cpu),
      roundCpuSeconds: cpuSecondsSince(warmUpCpu) / (allRounds - warmUpRounds),
      events: simulation.clock.events,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      accuracy:
        accuracies.length === 0 ? undefined : accuracies.reduce((sum, each) => sum + each / accuracies.length, 0)
    }
  } finally {
    await workforce.stop()
  }
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function gossip(length: number) {
  const rng = createRng('models')
  return {
    workforce: new AnalyticWorkforce(nothingToLearn, length),
    layout: createLayout([{ name: 'w', shape: [length] }]),
    initial: (node: number) => {
      const own = rng.fork(node)
      return Float32Array.from({ length }, () => own.uniform())
    }
  }
}

async function learning({ nodes, model, topology, averaging, samples }: BenchCase, peers: readonly string[]) {
  const steps = { optimizer: 'sgd', learningRate: 0.1 } as const
  const settings = { ...defaultSettings, topology, averaging, compress, model: String(model), ...steps }
  const plan = planSwarm({
    ...{ nodes, dataset: mnistFolder(), samples, partition: 'iid', standardise: 'local', missing: 'fail', settings },
    ...{ rounds: 1, until: undefined, evalEvery: 1, backend: 'plan' }
  })
  const { model: layers, training } = plan.task
  const initial = initialParameters(layers, 1)
  return {
    workforce: await WorkerPool.create({
      workers: availableParallelism(),
      topology: layers,
      training,
      backend: 'plan',
      data: readNodeData(plan),
      seeds: peers.map(peer => createRng(1).fork(peer).fork('batches').uint32())
    }),
    layout: modelLayout(layers),
    initial: () => initial
  }
}
