import { Command, type Option } from 'commander'
import { UsageError } from '../errors.js'
import { option } from '../options.js'
import { formatBytes, formatSeconds, formatShare, formatTable, printJson, printResult } from '../output.js'
import { compareRuns } from '../records/compare.js'
import { listRuns, readRun, type Run } from '../records/read-run.js'

export function outOption(): Option {
  return option('--out <folder>', 'where records of runs are kept').default('runs')
}

export function runsCommand(): Command {
  return new Command('runs')
    .description('list the runs that are kept, or compare two of them')
    .argument('[runs...]', 'two ids or folders to compare')
    .addOption(outOption())
    .addOption(option('--json', 'as JSON'))
    .action((names: string[], { out, json }: { out: string; json?: boolean }) => {
      if (names.length !== 0 && names.length !== 2) {
        throw new UsageError(`${names.length} runs; expected two to compare, or none for a list.`)
      }
      if (names.length === 2) {
        const [a, b] = names.map(name => readRun(out, name))
        if (json === true) printJson([a, b].map(({ config, summary }) => ({ config, summary })))
        else printResult(compareRuns(a, b))
        return
      }
      const runs = listRuns(out)
      if (json === true) printJson(runs.map(({ summary }) => summary))
      else printResult(runs.length === 0 ? `no runs in ${out}` : formatTable([header, ...runs.map(lineOf)]))
    })
}

const header = ['RUN', 'NODES', 'DATA', 'LEARNING', 'ROUNDS', 'SCORE', 'SENT', 'TIME']

function lineOf({ id, config, summary }: Run): string[] {
  const { accuracy, r2, rounds, bytes, seconds } = summary
  return [
    id,
    String(config.nodes),
    `${config.dataset}, ${config.partition}`,
    `${config.settings.averaging}, ${config.settings.compress}`,
    String(rounds),
    accuracy !== null ? formatShare(accuracy.mean) : (r2?.mean.toFixed(3) ?? '-'),
    formatBytes(bytes.sentPerNode),
    formatSeconds(seconds.wall)
  ]
}
