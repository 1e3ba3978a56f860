import { Command } from 'commander'
import { narrate, printJson, printResult } from '../output.js'
import { planSwarm } from '../swarm/config.js'
import { announce, describe } from '../swarm/describe.js'
import { configOf, swarmOptions, type SwarmFlags } from '../swarm/flags.js'
import { stopOnInterrupt } from '../swarm/interrupt.js'
import { RunRecord } from '../swarm/run-record.js'
import { SwarmRun } from '../swarm/run-swarm.js'
import { lineView, liveView } from '../swarm/view.js'

export function swarmCommand(): Command {
  const command = new Command('swarm').description(
    'many nodes on this machine, each a process of its own, learning together over TCP'
  )
  for (const flag of swarmOptions()) command.addOption(flag)
  return command.action(async (given: SwarmFlags) => runSwarm(given))
}

async function runSwarm(flags: SwarmFlags): Promise<void> {
  const plan = planSwarm(await configOf(flags))
  const { config } = plan
  const record = new RunRecord(flags.out, config, new Date())
  narrate(announce(plan, record.folder))
  const live = process.stderr.isTTY && process.env.TERM !== 'dumb'
  const view = live ? liveView(config.rounds) : lineView(config.rounds)
  const run = new SwarmRun(plan, record, view)
  const interrupt = stopOnInterrupt(run, text => view.note(text))
  try {
    const { summary, exitCode } = await run.run()
    if (flags.json === true) printJson(summary)
    else printResult(describe(summary, record.folder))
    process.exitCode = exitCode
  } finally {
    interrupt.remove()
  }
}
