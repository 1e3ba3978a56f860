import { Command } from 'commander'
import { option } from '../options.js'
import { narrate, printJson, printResult } from '../output.js'
import { announceSimulation, planSimulation } from '../simulate/config.js'
import { resourcesOf, simulationConfigOf, simulationOptions, type SimulationFlags } from '../simulate/flags.js'
import { replay } from '../simulate/replay.js'
import { SimulationRun } from '../simulate/run-simulation.js'
import { describe } from '../swarm/describe.js'
import { stopOnInterrupt } from '../swarm/interrupt.js'
import { reportOn } from '../records/report-on.js'
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
  return command.action(async (given: SimulateFlags) =>
    given.replay === undefined ? runSimulation(given) : replay(given.replay, resourcesOf(given))
  )
}

async function runSimulation(flags: SimulateFlags): Promise<void> {
  const plan = planSimulation(await simulationConfigOf(flags))
  const record = new RunRecord(flags.out, plan.config, new Date(), bufferedLines)
  narrate(`${announceSimulation(plan)}\nrecord    ${record.folder}`)
  const view = lineView(plan.config.rounds)
  const run = new SimulationRun({ plan, ...resourcesOf(flags), record, view })
  const interrupt = stopOnInterrupt(run, text => view.note(text))
  try {
    const { summary, exitCode } = await run.run()
    await reportOn(record.folder)
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
