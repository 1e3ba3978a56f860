export interface TextPlot {
  readonly points: readonly (readonly [x: number, y: number])[]
  /** What the curve should have kept to, in the order of x. */
  readonly bound: readonly (readonly [x: number, y: number])[]
  /** x of the first point that broke the bound. */
  readonly failed?: number
  /** @default 'linear' */
  readonly scale?: 'linear' | 'log'
}

const columns = 56
const rows = 10

/** A curve (`*`), its bound (`-`) and where it first broke it (`X`), as lines of text for a terminal. */
export function textPlot({ points, bound, failed, scale = 'linear' }: TextPlot): string {
  const height = (y: number): number => (scale === 'log' ? Math.log10(y) : y)
  const drawable = ([, y]: readonly [number, number]): boolean => Number.isFinite(height(y))
  const all = [...points, ...bound].filter(drawable)
  if (all.length === 0) return '(nothing to plot)'
  const [left, right] = ends(all.map(([x]) => x))
  const [low, high] = ends(all.map(([, y]) => height(y)))
  const lines = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '))
  const put = ([x, y]: readonly [number, number], mark: string): void => {
    const column = Math.round(((x - left) / (right - left || 1)) * (columns - 1))
    const row = Math.round(((high - height(y)) / (high - low || 1)) * (rows - 1))
    lines[row][column] = mark
  }
  for (const point of bound.filter(drawable)) put(point, '-')
  for (const point of points.filter(drawable)) put(point, point[0] === failed ? 'X' : '*')
  const label = (row: number): string => {
    const value = high - (row / (rows - 1)) * (high - low)
    return (scale === 'log' ? 10 ** value : value).toPrecision(3).padStart(9)
  }
  const body = lines.map((line, row) => `${row % 3 === 0 ? label(row) : ' '.repeat(9)} |${line.join('').trimEnd()}`)
  const axis = `${' '.repeat(9)} +${'-'.repeat(columns)}`
  const scaleLine = `${' '.repeat(11)}${String(left).padEnd(columns - String(right).length)}${right}`
  return [...body, axis, scaleLine, `${' '.repeat(11)}* the swarm   - what was expected   X first place outside`].join(
    '\n'
  )
}

function ends(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)]
}
