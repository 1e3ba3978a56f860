import { Command } from 'commander'
import { option } from '../options.js'
import { narrate } from '../output.js'
import { announceSimulation, checkRoom, planSimulation } from '../simulate/config.js'
import {
  refuseDataFlags,
  refuseFlagsOfRuns,
  resourcesOf,
  simulationConfigOf,
  simulationOptions,
  type SimulationFlags
} from '../simulate/flags.js'
import { replay } from '../simulate/replay.js'
import { SimulationRun } from '../simulate/run-simulation.js'
import { finishRun } from '../swarm/finish-run.js'
import { RunRecord } from '../swarm/run-record.js'
import { lineView } from '../swarm/view.js'

interface SimulateFlags extends SimulationFlags {
  readonly replay?: string
}

/** Of a thousand nodes, a line for each round is not worth a write each. */
const bufferedLines = 1000

export function simulateCommand(): Command {
  const command = new Command('simulate').description(
    'as swarm, with virtual nodes on a virtual clock and network: thousands of them, and the same again from the same seed'
  )
  command.addOption(option('--replay <run folder>', 'run a recorded simulation again and tell whether it is the same'))
  for (const flag of simulationOptions()) command.addOption(flag)
  return command.action(async (given: SimulateFlags, self: Command) => {
    if (given.replay === undefined) return runSimulation(given, self)
    refuseFlagsOfRuns(self)
    return replay(given.replay, resourcesOf(given))
  })
}

async function runSimulation(flags: SimulateFlags, command: Command): Promise<void> {
  const { workers, availableBytes } = resourcesOf(flags)
  const plan = planSimulation(await simulationConfigOf(flags), availableBytes)
  refuseDataFlags(command, flags.problem)
  await checkRoom(plan, availableBytes)
  const record = new RunRecord(flags.out, plan.config, new Date(), bufferedLines)
  narrate(`${announceSimulation(plan)}\nrecord    ${record.folder}`)
  const view = lineView(plan.config.rounds)
  const run = new SimulationRun({ plan, workers, record, view })
  try {
    await finishRun(run, record, view, flags.json === true)
  } catch (error) {
    record.abandon()
    throw error
  }
}
