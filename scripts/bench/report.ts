import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { formatTable, printResult } from '../output.js'

/** Print what was measured, the figures, and of which machine and commit they are. */
export function printTable(question: string, rows: readonly (readonly string[])[]): void {
  printResult(`${question}\n`)
  printResult(formatTable(rows))
  printResult(`\n${machine()}`)
}

/** What the figures are of: the machine, Node and the commit. */
export function machine(): string {
  return `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, commit ${commit()}`
}

/** The commit that is checked out, as short as it is unique, `-dirty` when more than kept results differs from it. */
export function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/', ':(top,exclude)bench/results')
    return `${git('describe', '--always')}${changed === '' ? '' : '-dirty'}`
  } catch {
    return 'unknown'
  }
}

/** The value that a share of all values does not exceed; 0.5: the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
