// How large a swarm can be simulated on this machine, and how fast? Each case runs in a process of its own, for its memory.
//   node dist/scripts/bench/simulate.js [case...]
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatTable, printResult } from '../output.js'
import { measure, benchCases, type Figures } from './simulate-cases.js'

const self = fileURLToPath(import.meta.url)
const [first, ...others] = process.argv.slice(2)

if (first === '--child') process.send!(await measure(others[0]))
else await printTable(first === undefined ? Object.keys(benchCases) : [first, ...others])

async function printTable(names: readonly string[]): Promise<void> {
  const rows: string[][] = [['CASE', 'TIME', 'BAR', 'A NODE AND ROUND', 'EVENTS/S', 'PEAK MEMORY', 'BAR', 'ACCURACY']]
  for (const name of names) {
    const child = fork(self, ['--child', name])
    const [{ seconds, events, peakBytes, accuracy }] = (await once(child, 'message')) as [Figures]
    const { nodes, rounds, maxSeconds, maxBytes } = benchCases[name]
    rows.push([
      name,
      `${seconds.toFixed(1)} s`,
      maxSeconds === undefined ? '' : `${maxSeconds} s`,
      `${((1e6 * seconds) / (nodes * rounds)).toFixed(1)} us`,
      (events / seconds).toFixed(0),
      `${(peakBytes / 1e9).toFixed(2)} GB`,
      maxBytes === undefined ? '' : `${maxBytes / 1e9} GB`,
      accuracy === undefined ? '' : `${(100 * accuracy).toFixed(1)} %`
    ])
  }
  printResult(formatTable(rows))
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: dirname(self) }).trim()
  printResult(`\n${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}, commit ${commit}`)
}
