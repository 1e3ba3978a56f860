import { createTopology } from '../../learning/topology/create-topology.js'
import { grid, htmlPage, htmlTable, lineChart, topologyPlot, type Axis, type Series } from '../../report/index.js'
import { formatBytes, formatSeconds } from '../output.js'
import type { Target } from '../options.js'
import type { SwarmRound } from '../swarm/scoreboard.js'
import { comparisonTable, formatFigure, formatJoules, gridTable } from './describe.js'
import { medianOf, valueOf, type VariantResult, type VariantRun } from './result.js'

export interface ReportPageInit {
  readonly results: readonly VariantResult[]
  readonly target: Target | undefined
  /** What was run, a line each. */
  readonly facts: readonly string[]
  /** Of the topology where a variant names none. */
  readonly topology: string
}

interface Cost extends Axis {
  readonly name: string
  readonly of: (round: SwarmRound) => number
}

const costs: readonly Cost[] = [
  { name: 'rounds', label: 'rounds', of: ({ round }) => round },
  {
    name: 'bytes sent',
    label: 'sent by a node',
    scale: 'log',
    format: formatBytes,
    of: ({ bytesSentPerNode }) => bytesSentPerNode
  },
  { name: 'virtual time', label: 'virtual time', format: formatSeconds, of: ({ seconds }) => seconds },
  {
    name: 'energy',
    label: 'spent by a node',
    scale: 'log',
    format: formatJoules,
    of: ({ joulesPerNode }) => joulesPerNode ?? 0
  }
]

/** A comparison as one self-contained page. */
export function comparisonPage({ results, target, facts, topology }: ReportPageInit): string {
  const { figure } = results[0]
  const y: Axis = {
    label: figure,
    scale: figure === 'loss' ? 'log' : 'linear',
    format: value => (figure === 'accuracy' ? `${Math.round(100 * value)} %` : value.toPrecision(2))
  }
  const levels =
    target?.metric === figure ? [{ name: `target ${formatFigure(figure, target.value)}`, y: target.value }] : []
  const mean = (round: SwarmRound): number | undefined => valueOf(round, figure)?.mean
  const worst = (round: SwarmRound): number | undefined => valueOf(round, figure)?.min
  const [rounds] = costs
  const agreement = [
    lineChart({
      title: 'Consensus distance over rounds',
      x: rounds,
      y: { label: 'distance to the mean model', scale: 'log', format: value => String(Number(value.toPrecision(2))) },
      series: curves(results, rounds.of, round => round.consensusDistance)
    })
  ]
  if (figure !== 'loss') {
    const series = curves(results, rounds.of, worst)
    agreement.push(
      lineChart({ title: `${capital(figure)} of the worst node over rounds`, x: rounds, y, series, levels })
    )
  }
  const rates = gridTable(results)
  return htmlPage({
    title: `${results.length} ways to learn, compared`,
    facts,
    sections: [
      {
        title: 'Result',
        text: "Median over the seeds, with the least and the greatest behind it. Bytes, time and energy are a node's.",
        html: htmlTable(comparisonTable(results, target))
      },
      {
        title: `What ${figure} costs`,
        text: 'Mean over the nodes; the line is the median over the seeds, the shade goes from the least to the greatest.',
        html: grid(
          costs.map(cost =>
            lineChart({
              title: `${capital(figure)} over ${cost.name}`,
              x: cost,
              y,
              levels,
              series: curves(results, cost.of, mean)
            })
          )
        )
      },
      { title: 'Agreement, and who is last', html: grid(agreement) },
      { title: 'Who averages with whom', html: grid(topologies(results, topology)) },
      ...(rates === undefined
        ? []
        : [{ title: 'Learning rates', text: 'The best of the grid, marked, is used above.', html: htmlTable(rates) }])
    ]
  })
}

/** A line a variant: medians over its runs, round by round. */
function curves(
  results: readonly VariantResult[],
  x: (round: SwarmRound) => number,
  y: (round: SwarmRound) => number | undefined
): Series[] {
  return results.map(({ variant, runs }) => {
    const points: [number, number][] = []
    const band: [number, number, number][] = []
    for (const together of roundsOf(runs)) {
      const values = together.flatMap(round => y(round) ?? [])
      if (values.length === 0) continue
      const at = medianOf(together.map(x)).median
      const { median, min, max } = medianOf(values)
      points.push([at, median])
      if (runs.length > 1) band.push([at, min, max])
    }
    return { name: variant.name, points, band }
  })
}

/** The same round of all runs, in order, as far as all have it. */
function roundsOf(runs: readonly VariantRun[]): SwarmRound[][] {
  const [first, ...others] = runs
  const byRound = others.map(({ rounds }) => new Map(rounds.map(round => [round.round, round])))
  return first.rounds.flatMap(round => {
    const together = [round, ...byRound.flatMap(rounds => rounds.get(round.round) ?? [])]
    return together.length === runs.length ? [together] : []
  })
}

/** Each topology once, with the nodes of the first variant that uses it. */
function topologies(results: readonly VariantResult[], fallback: string): string[] {
  const specs = [...new Set(results.map(({ variant }) => variant.topology ?? fallback))]
  return specs.map(spec => {
    const { variant, runs, figure } = results.find(({ variant }) => (variant.topology ?? fallback) === spec)!
    const { seed, summary } = runs[0]
    const of = summary.perNode.map(node => (figure === 'loss' ? null : node[figure]))
    const values = { name: figure, of, format: (value: number) => formatFigure(figure, value) }
    const graph = createTopology(spec).graph(summary.nodes, seed)
    return topologyPlot({ title: `${spec}, the nodes of ${variant.name}, seed ${seed}`, graph, values })
  })
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1)
}
