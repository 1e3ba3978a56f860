import { Argument, Command } from 'commander'
import { completionScript, shells, type Shell } from '../completion.js'
import { oneOf } from '../options.js'
import { printResult } from '../output.js'

export function completionCommand(): Command {
  return new Command('completion')
    .description('a script that completes commands, flags and values')
    .addArgument(new Argument('<shell>', 'for which').choices(shells).argParser(oneOf(shells)))
    .action((shell: Shell, _, self: Command) => printResult(completionScript(self.parent!, shell)))
}
