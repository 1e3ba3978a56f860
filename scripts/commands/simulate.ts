import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import {
  defaultConditions,
  energyProfileNames,
  energyProfiles,
  parseConditions,
  parseDisturbance,
  type Conditions,
  type Disturbance
} from '../../simulation/index.js'
import { UsageError } from '../errors.js'
import { choice, group, option, positive, wholeNumber } from '../options.js'
import { narrate, printJson, printResult } from '../output.js'
import { SimulationRun } from '../simulate/run-simulation.js'
import { planSwarm } from '../swarm/config.js'
import { announce, describe } from '../swarm/describe.js'
import { configOf, swarmOptions, type SwarmFlags } from '../swarm/flags.js'
import { stopOnInterrupt } from '../swarm/interrupt.js'
import { RunRecord } from '../swarm/run-record.js'
import { lineView } from '../swarm/view.js'

interface SimulateFlags extends SwarmFlags, Conditions {
  readonly evalNodes?: number
  readonly churn: readonly Disturbance[]
  readonly energy?: keyof typeof energyProfiles
  readonly workers: number
  /** In GB. */
  readonly memory?: number
}

/** Of a thousand nodes, a line for each round is not worth a write each. */
const bufferedLines = 1000

export function simulateCommand(): Command {
  const command = new Command('simulate').description(
    'as swarm, with virtual nodes on a virtual clock and network: thousands of them, and the same again from the same seed'
  )
  const { latency, loss, stepTime } = defaultConditions
  const flags = [
    ...swarmOptions(),
    ...group('Swarm:', [
      option('--eval-nodes <n>', 'evaluate only so many nodes, spread evenly (default: all)').argParser(wholeNumber(1))
    ]),
    ...group('Conditions (one number, uniform:A,B or log-normal:MEDIAN,SIGMA, drawn for each link or node):', [
      option('--latency <ms>', 'of a link, one way').default(latency),
      option('--bandwidth <Mbit/s>', 'of a link, each way (default: without limit)'),
      option('--loss <share>', 'of the updates over a link').default(loss),
      option('--step-time <ms>', 'that a node takes for a local step').default(stepTime),
      option('--stragglers <share:factor>', 'so many nodes are so many times slower, as 0.1:5'),
      option('--churn <spec>', 'on-off:ON,OFF, partition:SHARE,FROM,TO or leave:SHARE,AT, in seconds; can be repeated')
        .argParser((spec: string, others: readonly Disturbance[]) => [...others, parseDisturbance(spec)])
        .default([], 'none'),
      choice('--energy <radio>', 'reckon what each node spends', energyProfileNames)
    ]),
    ...group('Output:', [
      option('--workers <n>', 'threads that train; they do not change the result')
        .default(availableParallelism())
        .argParser(wholeNumber(1, 256)),
      option('--memory <GB>', 'refuse what needs more than this (default: what is free)').argParser(positive)
    ])
  ]
  for (const flag of flags) command.addOption(flag)
  return command.action(async (given: SimulateFlags) => runSimulation(given))
}

async function runSimulation(flags: SimulateFlags): Promise<void> {
  const { latency, bandwidth, loss, stepTime, stragglers, workers, churn, energy, evalNodes = flags.nodes } = flags
  if (evalNodes > flags.nodes) {
    throw new UsageError(`--eval-nodes ${evalNodes}: expected at most --nodes, which is ${flags.nodes}.`)
  }
  const given = { latency, bandwidth, loss, stepTime, stragglers }
  const conditions = parseConditions(given)
  const plan = planSwarm(await configOf(flags))
  const record = new RunRecord(
    flags.out,
    { ...plan.config, ...given, churn, energy, evalNodes },
    new Date(),
    bufferedLines
  )
  narrate(announce(plan, record.folder))
  const view = lineView(plan.config.rounds)
  const availableBytes = flags.memory === undefined ? process.availableMemory() : flags.memory * 1e9
  const run = new SimulationRun({
    plan,
    conditions,
    workers,
    evaluatedNodes: evalNodes,
    availableBytes,
    disturbances: churn,
    energy: energy === undefined ? undefined : energyProfiles[energy],
    record,
    view
  })
  const interrupt = stopOnInterrupt(run, text => view.note(text))
  try {
    const { summary, exitCode } = await run.run()
    if (flags.json === true) printJson(summary)
    else printResult(describe(summary, record.folder))
    process.exitCode = exitCode
  } catch (error) {
    record.discard()
    throw error
  } finally {
    interrupt.remove()
  }
}
