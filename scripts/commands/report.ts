import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { option } from '../options.js'
import { narrate, printJson, printResult } from '../output.js'
import { readRun } from '../records/read-run.js'
import { outOption } from './runs.js'

export function reportCommand(): Command {
  return new Command('report')
    .description('write a run as one HTML file: what ran, curves, topology, nodes, bytes, how to run it again')
    .argument('[run]', 'id of a run, or its folder (default: the latest)')
    .addOption(outOption())
    .addOption(option('--open', 'open it in the browser'))
    .addOption(option('--json', 'as JSON'))
    .action(async (name: string | undefined, { out, open, json }: { out: string; open?: boolean; json?: boolean }) => {
      const { writeReport } = await import('../records/report.js')
      const path = resolve(writeReport(readRun(out, name)))
      if (json === true) printJson({ file: path })
      else printResult(path)
      if (open === true) openFile(path)
    })
}

/** With whatever this system opens HTML files. */
function openFile(path: string): void {
  const [command, ...args] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
  spawn(command, [...args, path], { detached: true, stdio: 'ignore' })
    .on('error', () => narrate(`nothing here opens HTML files; open ${path} yourself`))
    .unref()
}
