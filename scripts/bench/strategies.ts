// Which strategy learns most from how few bytes, under label skew, lost messages and nodes that come and go?
//   npm run bench:strategies -- [--seeds 3] [--rates 0.02,0.05,0.1] [--out bench/results] [word of a case's name...]
// Every strategy takes the same local steps (momentum 0.9). The learning rate is the best of the grid on the first seed without
// faults. Rows are printed, and the table written, as they end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { medianOf, type Median, type VariantResult, type VariantRun } from '../compare/result.js'
import { ComparisonRun } from '../compare/run-comparison.js'
import type { Variant } from '../compare/variant.js'
import { positive, wholeNumber } from '../options.js'
import { formatBytes, narrate, printResult } from '../output.js'
import type { SimulationConfig } from '../simulate/config.js'
import { machine } from './report.js'
import { casesNamed, type StrategyCase } from './strategy-cases.js'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '0.02,0.05,0.1' },
    out: { type: 'string', default: join('bench', 'results') },
    variants: { type: 'string', default: '' },
    workers: { type: 'string', default: String(availableParallelism()) }
  }
})
const rates = flags.rates.split(',').map(positive)
const seeds = Array.from({ length: wholeNumber(1)(flags.seeds) }, (_, i) => i + 1)
const records = mkdtempSync(join(tmpdir(), 'murmur-strategies-'))
const header = ['strategy', 'rate', 'mean', 'worst node', 'area under the worst', 'sent a node', 'to 90 %']
const written: { readonly title: string; readonly rows: string[][] }[] = []
/** By what it was tuned on. */
const tuned = new Map<string, number>()

mkdirSync(flags.out, { recursive: true })
try {
  for (const each of casesNamed(positionals)) await runCase(each)
} finally {
  rmSync(records, { recursive: true, force: true })
}

async function runCase({ name, config, variants }: StrategyCase): Promise<void> {
  printResult(`\n${name}\n${header.join('  ')}`)
  const rows: string[][] = []
  written.push({ title: name, rows })
  for (const variant of variants.filter(each => each.name.includes(flags.variants))) {
    const rate = await rateOf(variant, config)
    const [result] = await compared(variant, config, [rate], seeds)
    rows.push(rowOf(result))
    printResult(rows[rows.length - 1].join('  '))
    writeFileSync(join(flags.out, 'strategies.md'), report())
  }
}

async function rateOf(variant: Variant, config: SimulationConfig): Promise<number> {
  if (rates.length === 1) return rates[0]
  const { nodes, dataset, partition } = config
  const key = JSON.stringify([variant.name, nodes, dataset, partition])
  const known = tuned.get(key)
  if (known !== undefined) return known
  const [{ learningRate }] = await compared(variant, { ...config, loss: '0', churn: [] }, rates, seeds.slice(0, 1))
  tuned.set(key, learningRate)
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

function rowOf({ variant, learningRate, mean, worst, cost, toTarget, runs }: VariantResult): string[] {
  const reached = toTarget?.cost
  return [
    variant.name,
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

function report(): string {
  const tables = written
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => {
      const lines = [header, header.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`)
      return `## ${title}\n\n${lines.join('\n')}\n`
    })
  const facts =
    `Seeds ${seeds.join(', ')}: median, least to greatest. Accuracy in % after the last round, of 10,000 test images or the held-out ` +
    `rows; MLP 784-128-10 (digits: 64-128-10), momentum 0.9, batch 32, 8 local steps a round. The learning rate is the best of ` +
    `${rates.join(', ')} on seed ${seeds[0]} without faults. Bytes are all of the protocol. "To 90 %": sent a node until the mean ` +
    `has 90 %, looked at every 20 rounds. Half offline: on and off for exponential times of 0.5 s, a round taking some 60 ms.`
  return `# Strategies, compared\n\n${facts}\n\n${machine()}\n\n${tables.join('\n')}`
}
