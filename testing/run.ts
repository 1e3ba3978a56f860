import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidDataError } from '../data/index.js'
import { checkRoom, planSimulation, type SimulationConfig, type SimulationPlan } from '../scripts/simulate/config.js'
import { SimulationRun } from '../scripts/simulate/run-simulation.js'
import { collectRounds } from '../scripts/swarm/collect-rounds.js'
import { planSwarm } from '../scripts/swarm/config.js'
import { RunRecord } from '../scripts/swarm/run-record.js'
import { SwarmRun } from '../scripts/swarm/run-swarm.js'
import type { SwarmRound } from '../scripts/swarm/scoreboard.js'
import type { Summary } from '../scripts/swarm/summary.js'
import { NotEnoughMemoryError } from '../simulation/index.js'
import { InvalidSpecError } from './errors.js'
import { parseSwarm, type SwarmSpec } from './spec.js'

/** What a swarm did. */
export interface SwarmCurve {
  readonly config: SimulationConfig
  /** In order; figures are means over the nodes unless their name says otherwise. */
  readonly rounds: readonly SwarmRound[]
  readonly summary: Summary
  /** Models that the nodes began with, of a swarm that solves a problem. */
  readonly initial: readonly Float32Array[] | undefined
}

/** Models of no more parameters are compared exactly, larger ones within about 2 %. */
const sketchWidth = 4096

/**
 * Run a swarm to its end.
 *
 * @param path - of the spec in its file, for errors
 * @throws InvalidSpecError with the field's path, before anything is started
 */
export async function runSwarm(spec: SwarmSpec, path = 'swarm'): Promise<SwarmCurve> {
  const { kind, config } = parseSwarm(spec, path)
  return kind === 'virtual' ? runVirtual(plan(config, path), path) : runReal(config, path)
}

async function runVirtual(planned: SimulationPlan, path: string): Promise<SwarmCurve> {
  const { config, subject } = planned
  try {
    await checkRoom(planned, process.availableMemory())
  } catch (cause) {
    throw cause instanceof NotEnoughMemoryError ? tooManyNodes(cause, path) : cause
  }
  const rounds: SwarmRound[] = []
  const run = new SimulationRun({
    plan: planned,
    workers: availableParallelism(),
    record: { id: 'convergence', addRound() {}, addSummary() {} },
    view: collectRounds(rounds),
    sketchWidth
  })
  const { summary } = await run.run()
  const nodes = Array.from({ length: config.nodes }, (_, node) => node)
  const initial = config.problem === undefined ? undefined : nodes.map(node => subject.initial(node))
  return { config, rounds, summary, initial }
}

async function runReal(config: SimulationConfig, path: string): Promise<SwarmCurve> {
  plan(config, path)
  const folder = await mkdtemp(join(tmpdir(), 'murmur-convergence-'))
  try {
    const rounds: SwarmRound[] = []
    const record = new RunRecord(folder, config, 'run')
    const { summary } = await new SwarmRun(planSwarm(config), record, collectRounds(rounds)).run()
    return { config, rounds, summary, initial: undefined }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function plan(config: SimulationConfig, path: string): SimulationPlan {
  try {
    return planSimulation(config, process.availableMemory())
  } catch (cause) {
    if (cause instanceof NotEnoughMemoryError) throw tooManyNodes(cause, path)
    const { name, message } = cause as Error
    const isPartition = cause instanceof InvalidDataError && config.partition === `file:${cause.file}`
    const fields: Record<string, string> = { InvalidDataError: 'dataset', InvalidModelError: 'model' }
    const field = isPartition ? 'partition' : config.problem === undefined ? (fields[name] ?? 'samples') : 'problem'
    throw new InvalidSpecError(`${path}.${field}`, message, { cause })
  }
}

function tooManyNodes(cause: NotEnoughMemoryError, path: string): InvalidSpecError {
  return new InvalidSpecError(`${path}.nodes`, cause.message, { cause })
}
