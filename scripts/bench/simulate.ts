// How large a swarm can be simulated on this machine, and how fast? Each case runs in a process of its own, for its memory.
//   npm run bench:simulate -- [--quick] [case...]        flatness: what a node and round costs, in small and large swarms
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { formatTable, narrate, printResult } from '../output.js'
import { machine } from './report.js'
import { benchCase, benchCases, measure, type BenchCase, type Figures } from './simulate-cases.js'

const self = fileURLToPath(import.meta.url)
const given = process.argv.slice(2)
const quick = given.includes('--quick')
/** The same work in swarms of ten and ten times as many nodes. */
const flatness = ['flatness-100', 'flatness-1000', 'softmax-10000']
const names = given.filter(each => !each.startsWith('--')).flatMap(name => (name === 'flatness' ? flatness : name))
const unknown = names.find(name => benchCases[name] === undefined)

if (unknown !== undefined) {
  narrate(`unknown case "${unknown}"; expected some of flatness, ${Object.keys(benchCases).join(', ')}`)
  process.exitCode = 2
} else if (given.includes('--child')) {
  process.send!(await measure(benchCase(names[0], quick)))
} else {
  await printTable(names.length === 0 ? Object.keys(benchCases) : names)
}

async function printTable(chosen: readonly string[]): Promise<void> {
  const rows: string[][] = [
    [
      ...['CASE', 'NODES', 'ROUNDS', 'TIME', 'BAR', 'CPU', 'CPU A NODE AND ROUND', 'EVENTS/S', 'BAR', 'PEAK MEMORY'],
      ...['BAR', 'ACCURACY']
    ]
  ]
  const costs = new Map<string, number>()
  for (const name of chosen) {
    const bench = benchCase(name, quick)
    narrate(`${name}: ${bench.nodes} nodes, ${bench.rounds} rounds`)
    const figures = await measureApart(name)
    costs.set(name, figures.roundCpuSeconds)
    rows.push(rowOf(name, bench, figures))
  }
  printResult(formatTable(rows))
  const flat = flatness.flatMap(name => costs.get(name) ?? [])
  if (flat.length === flatness.length) {
    const ratio = Math.max(...flat) / Math.min(...flat)
    printResult(`\na node and round takes ${ratio.toFixed(2)} times as much CPU in one size as in another (bar 1.25)`)
  }
  printResult(`\n${machine()}`)
}

/** @throws Error when the process of the case dies */
async function measureApart(name: string): Promise<Figures> {
  const child = fork(self, ['--child', name, ...(quick ? ['--quick'] : [])])
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${name} ended with code ${code}`)
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
