import * as z from 'zod'
import { parsePartition } from '../data/index.js'
import { OPTIMIZER_NAMES } from '../engine/index.js'
import { chooseCompressor } from '../learning/averaging/check-compressor.js'
import { checkTopology } from '../learning/averaging/check-topology.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import { checkCompressorSpec } from '../learning/compression/create-compressor.js'
import { checkRoundMemory } from '../learning/round-memory/create-round-memory.js'
import { checkLastRounds, checkSharing, checkSharingForm, parseSharing } from '../learning/sharing.js'
import { createTopology } from '../learning/topology/create-topology.js'
import { defaultSettings } from '../node/learning-settings.js'
import { dataFields, type SimulationConfig } from '../scripts/simulate/config.js'
import { checkDisturbances, defaultConditions, parseConditions, parseDisturbance } from '../simulation/index.js'
import { InvalidSpecError } from './errors.js'

const count = z.number().int().min(1)
/** A number, or a distribution as `--latency` takes it. */
const distribution = z.union([z.number(), z.string()]).transform(String)

/** A swarm to test, in the words of the flags of `murmur simulate`; defaults are theirs. */
export const swarmSpec = z.strictObject({
  /** `virtual`: on a virtual clock and network, the same again from the same seed; `real`: processes over TCP. */
  kind: z.enum(['virtual', 'real']).default('virtual'),
  nodes: count.default(8),
  rounds: count.default(30),
  dataset: z.string().default('mnist'),
  samples: count.optional(),
  partition: z.string().default('iid'),
  problem: z.string().optional(),
  label: z.string().optional(),
  model: z.string().default('mlp'),
  topology: z.string().default(defaultSettings.topology),
  averaging: z.string().default(defaultSettings.averaging),
  compress: z.string().optional(),
  budget: z.string().optional(),
  optimizer: z.enum(OPTIMIZER_NAMES).default(defaultSettings.optimizer),
  learningRate: z.number().positive().default(defaultSettings.learningRate),
  momentum: z.number().min(0).lt(1).default(defaultSettings.momentum),
  batchSize: count.default(defaultSettings.batchSize),
  localSteps: count.default(defaultSettings.localSteps),
  sharing: z.string().optional(),
  roundMemory: z.string().optional(),
  seed: z.number().int().min(0).default(defaultSettings.seed),
  evalEvery: count.default(1),
  backend: z.enum(['auto', 'plan', 'native', 'wasm', 'cpu']).default('auto'),
  latency: distribution.default(defaultConditions.latency),
  bandwidth: distribution.optional(),
  loss: distribution.default(defaultConditions.loss),
  stepTime: distribution.default(defaultConditions.stepTime),
  stragglers: z.string().optional(),
  churn: z.array(z.string()).default([]),
  energy: z.enum(['ble', 'wifi', 'lte']).default('wifi')
})

export type SwarmSpec = z.input<typeof swarmSpec>

/** Rows a node of MNIST when nobody says otherwise. */
const mnistSamples = 1000
const onlyVirtual = ['problem', 'latency', 'bandwidth', 'loss', 'stepTime', 'stragglers', 'churn'] as const

/**
 * @param path - of the spec in its file, for errors
 * @throws InvalidSpecError with the field's path
 */
export function parseSwarm(spec: unknown, path = 'swarm'): { kind: 'virtual' | 'real'; config: SimulationConfig } {
  const given = parseField(swarmSpec, spec, path)
  const {
    kind,
    dataset,
    samples,
    label,
    nodes,
    rounds,
    partition,
    evalEvery,
    backend,
    problem,
    churn,
    energy,
    ...rest
  } = given
  const { latency, bandwidth, loss, stepTime, stragglers, budget, compress: asked, ...learning } = rest
  const conditions = { latency, bandwidth, loss, stepTime, stragglers }
  const at = <T>(field: string, check: () => T): T => blame(`${path}.${field}`, check)
  if (kind === 'real') {
    for (const field of onlyVirtual) {
      if ((spec as Record<string, unknown>)[field] === undefined) continue
      throw new InvalidSpecError(`${path}.${field}`, `only a virtual swarm takes it; expected kind "virtual", or none.`)
    }
  }
  if (problem !== undefined) {
    // Of a swarm that is tested, `kind` says whether it is virtual.
    const field = dataFields.find(each => each !== 'kind' && (spec as Record<string, unknown>)[each] !== undefined)
    if (field !== undefined) {
      throw new InvalidSpecError(`${path}.${field}`, `has no effect with problem "${problem}"; expected one of them.`)
    }
  }
  const averaging = at('averaging', () => createAveraging(learning.averaging, 1))
  at('topology', () => {
    const topology = createTopology(learning.topology)
    topology.graph(nodes, learning.seed)
    checkTopology(averaging, topology)
  })
  const { sharing, roundMemory, optimizer } = learning
  const parsedSharing = at('sharing', () => {
    if (sharing === undefined) return undefined
    const parsed = parseSharing(sharing)
    checkSharing(averaging, parsed)
    checkLastRounds(parsed, rounds)
    return parsed
  })
  if (roundMemory !== undefined) {
    const steps = problem === undefined ? optimizer : undefined
    at('roundMemory', () => checkRoundMemory(roundMemory, averaging, steps))
  }
  if (asked !== undefined) at('compress', () => checkSharingForm(checkCompressorSpec(asked), parsedSharing))
  if (budget !== undefined && asked !== undefined) {
    throw new InvalidSpecError(`${path}.budget`, `decides how to compress; remove "compress", or the budget.`)
  }
  const compress = at('budget', () => chooseCompressor(learning.averaging, { compress: asked, budget }))
  at('partition', () => parsePartition(partition))
  for (const field of ['latency', 'bandwidth', 'loss', 'stepTime', 'stragglers'] as const) {
    at(field, () => parseConditions({ [field]: conditions[field] ?? defaultConditions[field] }))
  }
  const disturbances = churn.map((each, i) => at(`churn[${i}]`, () => parseDisturbance(each)))
  at('churn', () => checkDisturbances(disturbances))
  const config: SimulationConfig = {
    ...{ nodes, rounds, dataset, partition, evalEvery, backend, problem, energy, label, ...conditions },
    samples: samples ?? (dataset === 'mnist' ? mnistSamples : undefined),
    standardise: 'local',
    missing: 'fail',
    reproducible: true,
    settings: { ...learning, compress, name: 'convergence' },
    until: undefined,
    churn: disturbances,
    evalNodes: nodes
  }
  return { kind, config }
}

/** @throws InvalidSpecError */
export function parseField<T extends z.ZodType>(schema: T, value: unknown, path: string): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const fields = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path
  const problem =
    issue.code === 'unrecognized_keys' ? 'no such field; expected those of the README.' : `${issue.message}.`
  throw new InvalidSpecError(fields.reduce(appendField, path), problem)
}

/** Have an error of a check name the field. */
export function blame<T>(path: string, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    throw new InvalidSpecError(path, (cause as Error).message, { cause })
  }
}

function appendField(path: string, field: PropertyKey): string {
  return typeof field === 'number' ? `${path}[${field}]` : `${path === '' ? '' : `${path}.`}${String(field)}`
}
