import type { Option } from 'commander'
import { loadModelFile, type BackendName } from '../../engine/index.js'
import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { backendOption, dataOptions, group, learningOptions, option, target, wholeNumber } from '../options.js'
import type { LearningFlags, Target } from '../options.js'
import type { SwarmConfig } from './config.js'

/** Flags of every command that runs a whole swarm. */
export interface SwarmFlags extends LearningFlags {
  readonly nodes: number
  readonly dataset: string
  readonly samples?: number
  readonly partition: string
  readonly label?: string
  readonly kind?: 'classification' | 'regression'
  readonly standardise: 'local' | 'task' | 'none'
  readonly missing: 'fail' | 'drop'
  readonly rounds: number
  readonly until?: Target
  readonly evalEvery: number
  readonly backend: BackendName
  readonly reproducible?: boolean
  readonly out: string
  readonly json?: boolean
}

/** Rows a node of MNIST when nobody says otherwise. */
const mnistSamples = 1000

export function swarmOptions(): Option[] {
  return [
    ...group('Swarm:', [
      option('--nodes <n>', 'how many').default(8).argParser(wholeNumber(1)),
      option('--rounds <n>', 'rounds to learn for').default(30).argParser(wholeNumber(1)),
      option('--until <metric=value>', 'stop when the mean over nodes has this, as accuracy=0.92').argParser(target),
      option('--eval-every <n>', 'evaluate every so many rounds').default(1).argParser(wholeNumber(1))
    ]),
    ...group('Data:', [
      option('--dataset <what>', 'mnist, a CSV file, or a folder of IDX files').default('mnist'),
      option(
        '--samples <n>',
        `training rows a node (default: ${mnistSamples} of mnist, else all shared out)`
      ).argParser(wholeNumber(1)),
      option('--partition <spec>', 'who gets which rows: iid, dirichlet:A, shards:K, file:PATH').default('iid')
    ]),
    ...dataOptions(),
    ...learningOptions(),
    ...group('Learning:', [backendOption()]),
    ...group('Output:', [
      option('--out <folder>', 'where records of runs are kept').default('runs'),
      option('--json', 'print the summary as JSON')
    ])
  ]
}

export async function configOf(flags: SwarmFlags): Promise<SwarmConfig> {
  const { nodes, dataset, partition, label, kind, standardise, missing, rounds, until, evalEvery } = flags
  const { backend, reproducible } = flags
  const { topology, averaging, localSteps, learningRate, momentum, batchSize, optimizer, seed } = flags
  const compress = chooseCompressor(averaging, flags)
  const { sharing, roundMemory, weightDecay, clipNorm, clipValue, perExampleClipNorm } = flags
  const model = flags.model.endsWith('.json') ? await loadModelFile(flags.model) : flags.model
  const name = dataset === 'mnist' ? 'mnist' : 'swarm'
  return {
    nodes,
    dataset,
    samples: flags.samples ?? (dataset === 'mnist' ? mnistSamples : undefined),
    partition,
    label,
    kind,
    standardise,
    missing,
    settings: {
      name,
      model,
      topology,
      averaging,
      compress,
      localSteps,
      sharing,
      roundMemory,
      learningRate,
      momentum,
      weightDecay,
      clipNorm,
      clipValue,
      perExampleClipNorm,
      batchSize,
      optimizer,
      seed
    },
    rounds,
    until,
    evalEvery,
    backend,
    reproducible
  }
}
