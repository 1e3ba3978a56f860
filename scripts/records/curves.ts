import type { Series } from '../../report/index.js'
import type { RoundLine } from './read-run.js'

type Triple = readonly [x: number, low: number, high: number]

/** A figure over the rounds, the mean over nodes with the range between the least and the greatest. */
export function curveOf(
  name: string,
  lines: readonly RoundLine[],
  value: (line: RoundLine) => number | null | undefined,
  look = 0
): Series {
  const byRound = new Map<number, number[]>()
  for (const line of lines) {
    const figure = value(line)
    if (figure === null || figure === undefined) continue
    const values = byRound.get(line.round) ?? []
    byRound.set(line.round, values)
    values.push(figure)
  }
  const rounds = [...byRound].sort(([a], [b]) => a - b)
  return {
    name,
    look,
    points: rounds.map(([round, values]) => [round, values.reduce((a, b) => a + b, 0) / values.length]),
    band: rounds.map(([round, values]): Triple => [round, least(values), -least(values.map(each => -each))])
  }
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b))
}
