import { Command } from 'commander'
import { writeSwarmKey } from '../../node/access.js'
import { option } from '../options.js'
import { printJson, printResult } from '../output.js'

export function keyCommand(): Command {
  return new Command('key')
    .description('write a new key that closes a swarm: only devices with the same key can talk to each other')
    .argument('[file]', 'where to', 'swarm.key')
    .addOption(option('--json', 'as JSON'))
    .action(async (file: string, { json }: { json?: boolean }) => {
      await writeSwarmKey(file)
      if (json === true) return printJson({ file })
      printResult(`${file} written. Copy it to every device of the swarm, and start each with --swarm-key ${file}.`)
    })
}
