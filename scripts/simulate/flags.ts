import { availableParallelism } from 'node:os'
import type { Command, Option } from 'commander'
import {
  defaultConditions,
  energyProfileNames,
  parseDisturbance,
  type Conditions,
  type Disturbance
} from '../../simulation/index.js'
import { UsageError } from '../errors.js'
import { choice, group, option, positive, wholeNumber } from '../options.js'
import { configOf, swarmOptions, type SwarmFlags } from '../swarm/flags.js'
import { dataFields, type SimulationConfig } from './config.js'

/** Flags of every command that runs virtual nodes. */
export interface SimulationFlags extends SwarmFlags, Conditions {
  readonly problem?: string
  readonly evalNodes?: number
  readonly churn: readonly Disturbance[]
  readonly energy: SimulationConfig['energy']
  readonly workers: number
  /** In GB. */
  readonly memory?: number
}

export const defaultEnergy = 'wifi'

export function simulationOptions(): Option[] {
  const { latency, loss, stepTime } = defaultConditions
  return [
    ...swarmOptions(),
    ...group('Data:', [
      option('--problem <spec>', 'instead of data: quadratic:SIZE[,NOISE] with a known optimum, or consensus:SIZE')
    ]),
    ...group('Swarm:', [
      option('--eval-nodes <n>', 'evaluate only so many nodes, spread evenly (default: all)').argParser(wholeNumber(1))
    ]),
    ...group(
      'Conditions (one number, uniform:A,B, log-normal:MEDIAN,SIGMA or trace:FILE, drawn for each link or node):',
      [
        option('--latency <ms>', 'of a link, one way').default(latency),
        option('--bandwidth <Mbit/s>', 'of a link, each way (default: without limit)'),
        option('--loss <share>', 'of the updates over a link').default(loss),
        option('--step-time <ms>', 'that a node takes for a local step').default(stepTime),
        option('--stragglers <share:factor>', 'so many nodes are so many times slower, as 0.1:5'),
        option(
          '--churn <spec>',
          'on-off:ON,OFF, phones:DAY, trace:FILE, partition:SHARE,FROM,TO or leave:SHARE,AT, in seconds; can be repeated'
        )
          .argParser((spec: string, others: readonly Disturbance[]) => [...others, parseDisturbance(spec)])
          .default([], 'none'),
        choice('--energy <radio>', 'by whose prices to reckon what a node spends', energyProfileNames).default(
          defaultEnergy
        )
      ]
    ),
    ...group('Output:', [
      option('--workers <n>', 'threads that train; they do not change the result')
        .default(availableParallelism())
        .argParser(wholeNumber(1, 256)),
      option('--memory <GB>', 'refuse what needs more than this (default: what is free)').argParser(positive)
    ])
  ]
}

export async function simulationConfigOf(flags: SimulationFlags): Promise<SimulationConfig> {
  const { latency, bandwidth, loss, stepTime, stragglers, churn, energy, problem, evalNodes = flags.nodes } = flags
  if (evalNodes > flags.nodes) {
    throw new UsageError(`--eval-nodes ${evalNodes}: expected at most --nodes, which is ${flags.nodes}.`)
  }
  const conditions = { latency, bandwidth, loss, stepTime, stragglers }
  return { ...(await configOf(flags)), ...conditions, problem, churn, energy, evalNodes }
}

/**
 * @param command - what was called
 * @throws UsageError when a flag was given that a problem without data would not heed
 */
export function refuseDataFlags(command: Command, problem: string | undefined): void {
  if (problem === undefined) return
  const isUnheeded = (field: string): boolean => (dataFields as readonly string[]).includes(field)
  refuseUnheeded(command, isUnheeded, `--problem ${problem}, which has no data`)
}

/** @throws UsageError when a flag was given that does not change how a record is replayed */
export function refuseFlagsOfRuns(command: Command): void {
  const heeded = ['replay', 'workers', 'memory', 'config']
  refuseUnheeded(command, field => !heeded.includes(field), '--replay, which repeats the record as it was')
}

function refuseUnheeded(command: Command, isUnheeded: (field: string) => boolean, beside: string): void {
  const fields = command.options.filter(each => isUnheeded(each.attributeName()))
  const given = fields.find(each => command.getOptionValueSource(each.attributeName()) === 'cli')
  if (given === undefined) return
  throw new UsageError(`${given.long} has no effect with ${beside}. Leave one of them out.`)
}

/** What this machine gives to the simulation; it does not change the result. */
export function resourcesOf({ workers, memory }: Pick<SimulationFlags, 'workers' | 'memory'>) {
  return { workers, availableBytes: memory === undefined ? process.availableMemory() : memory * 1e9 }
}
