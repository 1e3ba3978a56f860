import { Command } from 'commander'
import { homeOption } from '../device.js'
import { examine, type DoctorInit, type Finding } from '../doctor.js'
import { exitCodes } from '../exit-codes.js'
import { option, wholeNumber } from '../options.js'
import { formatTable, printJson, printResult } from '../output.js'

const marks: Record<Finding['state'], string> = { ok: 'ok', wrong: '✖', unknown: '-' }

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say why a node here cannot start, reach others or learn, and what to do')
    .addOption(homeOption())
    .addOption(
      option('--port <n>', 'TCP port that the node is to listen on').default(4101).argParser(wholeNumber(0, 65_535))
    )
    .addOption(option('--data <path>', 'what it is to learn from'))
    .addOption(option('--swarm-key <file>', 'key of a closed swarm'))
    .addOption(option('--join <multiaddr>', 'a node that it is to reach'))
    .addOption(option('--json', 'print the findings as JSON'))
    .action(async (flags: DoctorInit & { readonly json?: boolean }) => {
      const findings = await examine(flags)
      if (flags.json === true) printJson(findings)
      else printResult(formatTable(findings.map(({ what, found, state }) => [marks[state], what, found])))
      process.exitCode = exitCodeOf(findings)
    })
}

/** As the command that would have failed. */
function exitCodeOf(findings: readonly Finding[]): number {
  const wrong = findings.filter(({ state }) => state === 'wrong').map(({ what }) => what)
  if (wrong.length === 0) return exitCodes.done
  return wrong.every(what => what === 'reach') ? exitCodes.noPeer : exitCodes.invalid
}
