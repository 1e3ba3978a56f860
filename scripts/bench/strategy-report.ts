import { strategyCases, type StrategyCase } from './strategy-cases.js'

/** What is told of a strategy under some conditions: its name, then the cells of a row. */
export const strategyColumns = [
  ...['strategy', 'rate', 'mean', 'worst node', 'area under the worst', 'sent a node', 'to 90 %']
]
const [MEAN, WORST, SENT] = [1, 2, 4]

/** A strategy under some conditions, as it is kept. */
export interface StrategyRow {
  readonly case: string
  readonly strategy: string
  /** Of the columns, from the rate on. */
  readonly cells: readonly string[]
  /** What it was chosen from, and the seeds that the row is of. */
  readonly rates: readonly number[]
  readonly seeds: readonly number[]
  readonly commit: string
}

interface Facts {
  readonly rates: readonly number[]
  readonly seeds: readonly number[]
  readonly machine: string
}

/** Markdown: how strategies did over all conditions of a swarm, then every row. */
export function strategyReport(rows: readonly StrategyRow[], { rates, seeds, machine }: Facts): string {
  const cases = strategyCases()
  const facts =
    `Seeds ${seeds.join(', ')}: median, least to greatest. Accuracy in % after the last round, of 10,000 test images or the held-out ` +
    `rows; MLP 784-128-10 (digits: 64-128-10), momentum 0.9, batch 32, 8 local steps a round. The learning rate is the best of ` +
    `${rates.join(', ')} on seed ${seeds[0]} without faults. Bytes are all of the protocol. "To 90 %": sent a node until the mean ` +
    `has 90 %, looked at every 20 rounds. Half offline: on and off for exponential times of 0.5 s, a round taking some 60 ms.`
  const overall = [...new Set(cases.map(({ swarm }) => swarm))].flatMap(swarm => overallTable(swarm, cases, rows))
  const tables = cases.flatMap(each => caseTable(each, rows))
  const parts = ['# Strategies, compared', `As far as the sweep has been run. ${facts}`, machine, ...overall, ...tables]
  return `${parts.join('\n\n')}\n`
}

/** Over those conditions under which all strategies were measured; nothing when it is but one. */
function overallTable(swarm: string, cases: readonly StrategyCase[], rows: readonly StrategyRow[]): string[] {
  const complete = cases
    .filter(each => each.swarm === swarm)
    .map(each => ({ found: rowsOf(each, rows), wanted: each.variants.length }))
    .flatMap(({ found, wanted }) => (found.length === wanted ? [found] : []))
  if (complete.length < 2) return []
  const columns = [
    'strategy',
    'mean',
    'worst node',
    'lowest mean',
    'lowest worst node',
    'furthest behind the best mean'
  ]
  const first = complete[0][0].case.slice(swarm.length + 2)
  const lines = complete[0].map((_, place) => overallLine(place, complete)).sort((a, b) => Number(b[1]) - Number(a[1]))
  return [`## ${swarm}: over ${complete.length} conditions`, table([...columns, `sent a node, ${first}`], lines)]
}

/**
 * @param place - of a strategy among those of a condition
 * @param complete - rows of all strategies, by condition
 */
function overallLine(place: number, complete: readonly (readonly StrategyRow[])[]): string[] {
  const means = complete.map(found => accuracyIn(found[place], MEAN))
  const worst = complete.map(found => accuracyIn(found[place], WORST))
  const behind = complete.map((found, i) => Math.max(...found.map(row => accuracyIn(row, MEAN))) - means[i])
  const accuracies = [average(means), average(worst), Math.min(...means), Math.min(...worst), Math.max(...behind)]
  const { strategy, cells } = complete[0][place]
  return [strategy, ...accuracies.map(each => each.toFixed(1)), cells[SENT]]
}

function caseTable(each: StrategyCase, rows: readonly StrategyRow[]): string[] {
  const found = rowsOf(each, rows)
  const lines = found.map(row => [row.strategy, ...row.cells, row.commit])
  return found.length === 0 ? [] : [`## ${each.name}`, table([...strategyColumns, 'commit'], lines)]
}

/** In the order of the strategies. */
function rowsOf({ name, variants }: StrategyCase, rows: readonly StrategyRow[]): StrategyRow[] {
  return variants.flatMap(variant => rows.find(row => row.case === name && row.strategy === variant.name) ?? [])
}

function table(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => '---'), ...lines].map(line => `| ${line.join(' | ')} |`).join('\n')
}

/** The median of a cell as in "94.6 (94.4 to 94.7)", in %. */
function accuracyIn({ cells }: StrategyRow, place: number): number {
  return parseFloat(cells[place])
}

function average(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each / values.length, 0)
}
