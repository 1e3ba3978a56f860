// Which strategy learns most from how few bytes, under label skew, lost messages and nodes that come and go?
//   npm run bench:strategies -- [--seeds 3] [--rates 0.02,0.05,0.1] [--out bench/results] [--variants word] [--again] [word of a case's name...]
// Every strategy takes the same local steps (momentum 0.9). The learning rate is the best of the grid on the first seed without
// faults. Rows are printed and written as they end. The whole sweep takes hours: rows that `strategies.json` has already are
// measured anew only with `--again`, so that it can be stopped at any time, and goes on where it was.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { medianOf, type Median, type VariantResult, type VariantRun } from '../compare/result.js'
import { ComparisonRun } from '../compare/run-comparison.js'
import type { Variant } from '../compare/variant.js'
import { positive, wholeNumber } from '../options.js'
import { formatBytes, narrate, printResult } from '../output.js'
import type { SimulationConfig } from '../simulate/config.js'
import { commit, machine } from './report.js'
import { casesNamed, type StrategyCase } from './strategy-cases.js'
import { strategyColumns, strategyReport, type StrategyRow } from './strategy-report.js'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '0.02,0.05,0.1' },
    out: { type: 'string', default: join('bench', 'results') },
    variants: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(availableParallelism()) }
  }
})
const rates = flags.rates.split(',').map(positive)
const seeds = Array.from({ length: wholeNumber(1)(flags.seeds) }, (_, i) => i + 1)
const records = mkdtempSync(join(tmpdir(), 'murmur-strategies-'))

/** Before anything is written here. */
const measured = { commit: commit(), machine: machine() }
const kept = join(flags.out, 'strategies.json')
let rows: readonly StrategyRow[] = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as StrategyRow[]) : []

mkdirSync(flags.out, { recursive: true })
keep(rows)
try {
  for (const each of casesNamed(positionals)) await runCase(each)
} finally {
  rmSync(records, { recursive: true, force: true })
}

async function runCase({ name, config, variants }: StrategyCase): Promise<void> {
  printResult(`\n${name}\n${strategyColumns.join('  ')}`)
  for (const variant of variants.filter(each => each.name.includes(flags.variants))) {
    const known = rowOf(each => each === name, variant)
    const row = known === undefined || flags.again ? await measureRow(name, variant, config) : known
    if (row !== known) keep([...rows.filter(each => each !== known), row])
    printResult([row.strategy, ...row.cells].join('  '))
  }
}

async function measureRow(name: string, variant: Variant, config: SimulationConfig): Promise<StrategyRow> {
  const rate = await rateOf(name, variant, config)
  const [result] = await compared(variant, config, [rate], seeds)
  return { case: name, strategy: variant.name, cells: cellsOf(result), rates, seeds, commit: measured.commit }
}

function keep(all: readonly StrategyRow[]): void {
  rows = all
  writeFileSync(kept, `[\n${rows.map(row => JSON.stringify(row)).join(',\n')}\n]\n`)
  const current = rows.filter(isCurrent)
  writeFileSync(join(flags.out, 'strategies.md'), strategyReport(current, { rates, seeds, machine: measured.machine }))
}

function rowOf(isCase: (name: string) => boolean, variant: Variant): StrategyRow | undefined {
  return rows.find(row => isCase(row.case) && row.strategy === variant.name && isCurrent(row))
}

/** Of the same rates and seeds. */
function isCurrent(row: StrategyRow): boolean {
  return row.rates.join() === rates.join() && row.seeds.join() === seeds.join()
}

/** The best without faults, which may be known from a row of the same data and other faults. */
async function rateOf(name: string, variant: Variant, config: SimulationConfig): Promise<number> {
  if (rates.length === 1) return rates[0]
  const data = name.slice(0, name.lastIndexOf(',') + 1)
  const known = rowOf(each => each.startsWith(data), variant)
  if (known !== undefined && !flags.again) return Number(known.cells[0])
  const [{ learningRate }] = await compared(variant, { ...config, loss: '0', churn: [] }, rates, seeds.slice(0, 1))
  return learningRate
}

async function compared(
  variant: Variant,
  base: SimulationConfig,
  learningRates: readonly number[],
  chosen: readonly number[]
): Promise<VariantResult[]> {
  const comparison = new ComparisonRun({
    ...{ base, variants: [variant], learningRates, seeds: chosen, folder: mkdtempSync(join(records, 'runs-')) },
    target: { metric: 'accuracy', value: 0.9 },
    workers: wholeNumber(1)(flags.workers),
    availableBytes: process.availableMemory(),
    onRun: (run, done, all) => narrate(`${run}  ${done}/${all}`)
  })
  return comparison.run()
}

function cellsOf({ learningRate, mean, worst, cost, toTarget, runs }: VariantResult): string[] {
  const reached = toTarget?.cost
  return [
    String(learningRate),
    ...[mean, worst, medianOf(runs.map(areaUnderWorst))].map(percent),
    formatBytes(cost.bytes.median),
    reached === undefined ? '-' : `${formatBytes(reached.bytes.median)} (${toTarget!.reached} of ${runs.length})`
  ]
}

/** Mean over the evaluated rounds of the worst node's accuracy. */
function areaUnderWorst({ rounds }: VariantRun): number {
  const worst = rounds.flatMap(({ accuracy }) => accuracy?.min ?? [])
  return worst.reduce((sum, each) => sum + each, 0) / worst.length
}

function percent({ median, min, max }: Median): string {
  const [middle, least, most] = [median, min, max].map(share => (100 * share).toFixed(1))
  return least === most ? middle : `${middle} (${least} to ${most})`
}
