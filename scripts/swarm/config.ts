import {
  loadData,
  loadTrainLabels,
  mnistFolder,
  parsePartition,
  type LoadOptions,
  type Schema
} from '../../data/index.js'
import { modelLayout, takesImages, type BackendName } from '../../engine/index.js'
import { checkBudget } from '../../learning/compression/adaptive.js'
import type { Compressor } from '../../learning/compression/compressor.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { createRng } from '../../learning/rng.js'
import { checkLastRounds, parseSharing } from '../../learning/sharing.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import type { Graph } from '../../learning/topology/topology.js'
import type { LearningSettings } from '../../node/index.js'
import { buildTask } from '../../node/settings.js'
import type { Task } from '../../protocols/index.js'
import { UsageError } from '../errors.js'
import type { Target } from '../options.js'

/** All that a run depends on: the same config gives the same run. */
export interface SwarmConfig {
  readonly nodes: number
  /** `mnist`, a CSV file, or a folder of IDX files. */
  readonly dataset: string
  /** Training rows a node; undefined: what the data set has, shared out equally. */
  readonly samples: number | undefined
  readonly partition: string
  readonly label?: string
  readonly kind?: 'classification' | 'regression'
  readonly standardise: 'local' | 'task' | 'none'
  readonly missing: 'fail' | 'drop'
  readonly settings: LearningSettings & { readonly compress: string }
  readonly rounds: number
  readonly until: Target | undefined
  readonly evalEvery: number
  readonly backend: BackendName
  readonly reproducible?: boolean
}

/** What follows from a config before anything is started. */
export interface SwarmPlan {
  readonly config: SwarmConfig
  readonly task: Task
  readonly data: DataSource
  /** Rows of the training part that each node holds, and no other node does. */
  readonly rows: readonly (readonly number[])[]
}

/** How a node reads its rows, and nobody else's. */
export interface DataSource {
  readonly path: string
  readonly seed: number
  readonly missing: 'fail' | 'drop'
}

/**
 * Check a config against its data, and share the rows out.
 *
 * @throws whatever is wrong with the data, the partition, the model or a spec
 */
export function planSwarm(config: SwarmConfig): SwarmPlan {
  const { nodes, settings, label, kind, standardise, missing } = config
  const path = config.dataset === 'mnist' ? mnistFolder() : config.dataset
  const data: DataSource = { path, seed: settings.seed, missing }
  const partition = parsePartition(config.partition)
  // Only tables need their rows for a schema; of images a row is enough.
  const options = {
    ...loadOptions(data),
    label,
    task: kind,
    standardise,
    layout: takesImages(settings.model) ? 'image' : 'flat'
  } as const
  const labels = loadTrainLabels(path, options)
  const samples = config.samples ?? Math.floor(labels.length / nodes)
  if (samples < 1)
    throw new UsageError(`${labels.length} training rows cannot be shared out over ${nodes} nodes; lower --nodes.`)
  const rows = partition.assign({ labels, nodes, samples }, createRng(settings.seed).fork('partition'))
  const task = buildTask(settings, schemaOf(config.dataset, path, options))
  checkBudgetOn(
    createTopology(settings.topology).graph(nodes, settings.seed),
    createCompressor(task.compress, modelLayout(task.model))
  )
  if (settings.sharing !== undefined) checkLastRounds(parseSharing(settings.sharing), config.rounds)
  checkTarget(config.until, task)
  return { config, task, data, rows }
}

/** @throws InvalidParametersError when a node has more neighbours than its budget is enough for */
export function checkBudgetOn({ neighbours, turns }: Graph, compressor: Compressor): void {
  checkBudget(compressor, turns === undefined ? Math.max(...neighbours.map(({ length }) => length)) : 1)
}

/** The same stream for everyone, so that all hold out the same rows. */
export function loadOptions({ seed, missing }: DataSource): LoadOptions {
  return { rng: createRng(seed).fork('held-out rows'), missing }
}

function checkTarget(until: Target | undefined, { schema }: Task): void {
  const figure = schema.label.kind === 'class' ? 'accuracy' : 'r2'
  if (until === undefined || until.metric === figure || until.metric === 'loss') return
  const { metric, value } = until
  const found = schema.label.kind === 'class' ? 'classes' : 'numbers'
  throw new UsageError(
    `--until ${metric}=${value}: the labels are ${found}; expected ${figure} or loss as in ${figure}=0.8.`
  )
}

function schemaOf(dataset: string, path: string, options: LoadOptions): Schema {
  return loadData(path, { ...options, ...(dataset === 'mnist' ? { trainRows: [0], testRows: [0] } : {}) }).schema
}
