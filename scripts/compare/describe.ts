import { formatBytes, formatSeconds, formatShare } from '../output.js'
import type { Target } from '../options.js'
import type { FigureName, Median, VariantResult } from './result.js'

export function formatFigure(figure: FigureName, value: number): string {
  return figure === 'accuracy' ? formatShare(value) : value.toPrecision(3)
}

export function formatJoules(joules: number): string {
  return joules >= 1000 ? `${(joules / 1000).toPrecision(3)} kJ` : `${joules.toPrecision(3)} J`
}

/** The median, and the spread behind it where there is one. */
function withSpread({ median, min, max }: Median, format: (value: number) => string): string {
  return format(min) === format(max) ? format(median) : `${format(median)} (${format(min)} to ${format(max)})`
}

/** A row for each variant, the header first; costs are a node's, until the target or else until the end. */
export function comparisonTable(results: readonly VariantResult[], target: Target | undefined): string[][] {
  const figure = results[0].figure
  const until = target === undefined ? 'all' : `to ${target.metric} ${target.value}`
  const header = ['strategy', 'rate', figure, 'worst node', `rounds ${until}`, 'sent a node', 'virtual time', 'energy']
  return [
    header,
    ...results.map(({ variant, learningRate, mean, worst, cost, toTarget, runs }) => {
      const best = [
        variant.name,
        String(learningRate),
        ...[mean, worst].map(each => withSpread(each, value => formatFigure(figure, value)))
      ]
      const spent = toTarget === undefined ? cost : toTarget.cost
      if (spent === undefined) return [...best, 'not reached', '-', '-', '-']
      const partly =
        toTarget !== undefined && toTarget.reached < runs.length ? ` in ${toTarget.reached} of ${runs.length}` : ''
      return [
        ...best,
        withSpread(spent.rounds, String) + partly,
        withSpread(spent.bytes, formatBytes),
        withSpread(spent.seconds, formatSeconds),
        withSpread(spent.joules, formatJoules)
      ]
    })
  ]
}

/** How each variant does with each learning rate, the chosen one marked; undefined when there was nothing to choose. */
export function gridTable(results: readonly VariantResult[]): string[][] | undefined {
  const { grid } = results[0]
  if (grid.length === 1) return undefined
  return [
    ['strategy', ...grid.map(({ learningRate }) => `rate ${learningRate}`)],
    ...results.map(({ variant, learningRate: chosen, grid: own, figure }) => [
      variant.name,
      ...own.map(({ learningRate, score }) => {
        const text = withSpread(score, value => formatFigure(figure, value))
        return learningRate === chosen ? `${text} *` : text
      })
    ])
  ]
}

/** What `--json` prints. */
export function comparisonJson(results: readonly VariantResult[], folder: string, target: Target | undefined): object {
  return {
    folder,
    target: target ?? null,
    variants: results.map(({ variant, runs, ...rest }) => ({
      ...variant,
      seeds: runs.map(({ seed }) => seed),
      ...rest,
      toTarget: rest.toTarget ?? null
    }))
  }
}
