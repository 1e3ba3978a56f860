// How large a swarm can be simulated on this machine, and how fast? Each case runs in a process of its own, for its memory.
//   npm run bench:simulate -- [--quick] [case...]        flatness: what a node and round costs, in small and large swarms
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formatTable, narrate, printResult } from '../output.js'
import { holdToOneCore } from './one-core.js'
import { machine } from './report.js'
import { benchCase, benchCases, flatnessCases, measure, type BenchCase, type Figures } from './simulate-cases.js'

const self = fileURLToPath(import.meta.url)
const given = process.argv.slice(2)
const quick = given.includes('--quick')
const flatness = Object.keys(flatnessCases)
/** How long a case of `flatness` goes on before it is another's turn. */
const turnMs = 500
const asked = given.filter(each => !each.startsWith('--')).flatMap(name => (name === 'flatness' ? flatness : name))
const unknown = asked.find(name => benchCases[name] === undefined)

if (unknown !== undefined) {
  narrate(`unknown case "${unknown}"; expected some of flatness, ${Object.keys(benchCases).join(', ')}`)
  process.exitCode = 2
} else if (given.includes('--child')) {
  process.send!(await measure(benchCase(asked[0], quick)))
} else {
  const chosen = asked.length === 0 ? Object.keys(benchCases) : asked
  await printSpeed(chosen.filter(name => !flatness.includes(name)))
  await printFlatness(chosen.filter(name => flatness.includes(name)))
  printResult(`\n${machine()}`)
}

async function printSpeed(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const rows: string[][] = [
    [
      ...['CASE', 'NODES', 'ROUNDS', 'TIME', 'BAR', 'CPU', 'CPU A NODE AND ROUND', 'EVENTS/S', 'BAR', 'PEAK MEMORY'],
      ...['BAR', 'ACCURACY']
    ]
  ]
  for (const name of names) {
    const bench = benchCase(name, quick)
    narrate(`${name}: ${bench.nodes} nodes, ${bench.rounds} rounds`)
    rows.push(rowOf(name, bench, await figuresOf(startCase(name))))
  }
  printResult(formatTable(rows))
}

/** In turns on one processor, all others being stopped meanwhile: when the machine gets faster or slower, it does so for all alike. */
async function printFlatness(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  holdToOneCore()
  narrate(`${names.join(', ')}, in turns`)
  const running = new Map(names.map(name => [name, startCase(name)]))
  const ended = [...running].map(([name, child]) => figuresOf(child).finally(() => running.delete(name)))
  const all = Promise.all(ended)
  all.catch(() => {}) // awaited once all have ended
  for (const child of running.values()) child.kill('SIGSTOP')
  while (running.size > 0) {
    for (const child of [...running.values()]) {
      child.kill('SIGCONT')
      await delay(turnMs)
      child.kill('SIGSTOP')
    }
  }
  const costs = (await all).map(({ roundCpuSeconds }) => 1e6 * roundCpuSeconds)
  printResult(
    formatTable([['CASE', 'CPU A NODE AND ROUND'], ...names.map((name, i) => [name, `${costs[i].toFixed(1)} us`])])
  )
  const ratio = Math.max(...costs) / Math.min(...costs)
  printResult(`\na node and round takes ${ratio.toFixed(2)} times as much CPU in one size as in another (bar 1.25)`)
}

function startCase(name: string): ChildProcess {
  return fork(self, ['--child', name, ...(quick ? ['--quick'] : [])])
}

/** @throws Error when the process dies first */
async function figuresOf(child: ChildProcess): Promise<Figures> {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of a case ended with code ${code}`)
  })
  const [figures] = (await Promise.race([once(child, 'message'), died])) as [Figures]
  await died.catch(() => {})
  return figures
}

function rowOf(
  name: string,
  bench: BenchCase,
  { seconds, cpuSeconds, roundCpuSeconds, events, peakBytes, accuracy }: Figures
): string[] {
  const { nodes, rounds, maxSeconds, maxBytes, minEventsPerSecond } = bench
  return [
    name,
    String(nodes),
    String(rounds),
    `${seconds.toFixed(1)} s`,
    maxSeconds === undefined ? '' : `${Number(maxSeconds.toFixed(1))} s`,
    `${cpuSeconds.toFixed(1)} s`,
    `${(1e6 * roundCpuSeconds).toFixed(1)} us`,
    (events / seconds).toFixed(0),
    minEventsPerSecond === undefined ? '' : String(minEventsPerSecond),
    `${(peakBytes / 1e9).toFixed(2)} GB`,
    maxBytes === undefined ? '' : `${maxBytes / 1e9} GB`,
    accuracy === undefined ? '' : `${(100 * accuracy).toFixed(1)} %`
  ]
}
