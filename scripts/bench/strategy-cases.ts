import { mnistFolder } from '../../data/index.js'
import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { defaultSettings } from '../../node/learning-settings.js'
import { parseDisturbance } from '../../simulation/index.js'
import { parseVariants, type Variant } from '../compare/variant.js'
import { defaultEnergy } from '../simulate/flags.js'
import type { SimulationConfig } from '../simulate/config.js'

/** Conditions under which strategies are compared. */
export interface StrategyCase {
  readonly name: string
  /** What it shares with other cases: data and nodes. */
  readonly swarm: string
  readonly config: SimulationConfig
  readonly variants: readonly Variant[]
}

interface Sizes {
  readonly nodes: number
  readonly dataset: 'mnist' | 'digits'
  readonly samples?: number
  readonly rounds: number
}

const small: Sizes = { nodes: 8, dataset: 'mnist', samples: 1000, rounds: 200 }
const middle: Sizes = { ...small, nodes: 16 }
const large: Sizes = { nodes: 64, dataset: 'mnist', samples: 937, rounds: 100 }
const digits: Sizes = { nodes: 8, dataset: 'digits', rounds: 200 }

interface Fault {
  readonly loss: number
  readonly halfOffline: boolean
}

/** A round takes some 60 ms: nodes are gone for some 8 rounds each time. */
const offline = 'on-off:0.5,0.5'
const losses = [0, 0.1, 0.3]
const faults: readonly Fault[] = [false, true].flatMap(halfOffline => losses.map(loss => ({ loss, halfOffline })))
const [noFault] = faults

/** The most important first: whoever stops the sweep has those. */
export function strategyCases(): StrategyCase[] {
  const skewed = 'dirichlet:0.1'
  return [
    ...[skewed, 'iid', 'dirichlet:1'].flatMap(partition => underEveryFault(small, partition)),
    ...[skewed, 'iid', 'dirichlet:1'].flatMap(partition => underEveryFault(digits, partition)),
    createCase(middle, skewed, noFault),
    createCase(large, skewed, noFault)
  ]
}

/** The same strategies in every case, ours first. */
const variants = parseVariants(
  [
    'anti-entropy',
    'd-psgd/float32@exponential',
    'd-psgd/float32@complete',
    'd-psgd/float32@one-peer-exponential',
    'relay-sum/quantize:8@exponential',
    'swarm-sgd/float32@exponential',
    'd-psgd/float32@ring',
    'choco-sgd/top-k:0.01@exponential',
    'choco-sgd/sign@exponential',
    'anti-entropy@ring',
    'anti-entropy/sign@exponential',
    'epidemic/float32@exponential',
    'gossip-learning/float32@exponential',
    'push-sum/float32@exponential'
  ].join(',')
)

function underEveryFault(sizes: Sizes, partition: string): StrategyCase[] {
  return faults.map(fault => createCase(sizes, partition, fault))
}

function createCase(sizes: Sizes, partition: string, fault: Fault): StrategyCase {
  const { nodes, dataset, samples, rounds } = sizes
  const swarm = `${dataset}, ${nodes} nodes`
  return {
    name: `${swarm}, ${partition}, ${faultName(fault)}`,
    swarm,
    variants,
    config: {
      nodes,
      dataset: dataset === 'mnist' ? mnistFolder() : 'test/fixtures/digits.csv',
      samples,
      partition,
      standardise: 'local',
      missing: 'fail',
      settings: {
        ...defaultSettings,
        compress: chooseCompressor('anti-entropy', {}),
        topology: 'exponential',
        localSteps: 8,
        name: dataset
      },
      rounds,
      until: undefined,
      evalEvery: 20,
      backend: 'auto',
      latency: '20',
      stepTime: '5',
      loss: String(fault.loss),
      churn: fault.halfOffline ? [parseDisturbance(offline)] : [],
      energy: defaultEnergy,
      evalNodes: Math.min(nodes, 16)
    }
  }
}

function faultName({ loss, halfOffline }: Fault): string {
  const names = [...(loss > 0 ? [`${100 * loss} % lost`] : []), ...(halfOffline ? ['half offline'] : [])]
  return names.join(' and ') || 'no faults'
}

/** @throws InvalidParametersError when no case has all of the words in its name */
export function casesNamed(words: readonly string[]): StrategyCase[] {
  const found = strategyCases().filter(({ name }) => words.every(word => name.includes(word)))
  if (found.length > 0) return found
  const names = strategyCases().map(({ name }) => name)
  throw new InvalidParametersError(`no case has ${words.join(' ')} in its name; they are\n${names.join('\n')}`)
}
