import { InvalidParametersError } from '../learning/errors.js'
import type { Rng } from '../learning/rng.js'
import { readLines } from './availability.js'

/** Where a property of a link or a node comes from. */
export interface Distribution {
  /** Canonical spec that creates it again: `20`, `uniform:5,50`, `log-normal:40,0.5`, `trace:FILE`. */
  readonly spec: string
  /** No draw is below it. */
  readonly least: number
  draw(rng: Rng): number
}

/** Which values make sense. */
export interface Range {
  readonly min: number
  /** @default Infinity */
  readonly max?: number
  /** @default false */
  readonly exclusiveMin?: boolean
}

const examples = '20, uniform:5,50, log-normal:40,0.5 or trace:FILE'

/**
 * - `20` or `constant:20`: always this
 * - `uniform:A,B`: anything in [A, B), equally likely
 * - `log-normal:M,S`: median M, and a standard deviation of the logarithm of S; latencies of the internet look like it
 * - `trace:FILE`: any of the numbers measured elsewhere, one a line, equally likely; `#` begins a comment
 *
 * @param field - what it is for, as a user would say it; an error names it
 * @throws InvalidParametersError when it is no such spec, or can give a value out of range
 */
export function parseDistribution(field: string, spec: string, range: Range): Distribution {
  const [, name = 'constant', list] = /^(?:([a-z-]+):)?(.*)$/.exec(spec)!
  if (name === 'trace') return readTrace(field, list, range)
  const numbers = list.split(',').map(text => (text.trim() === '' ? NaN : Number(text)))
  const [a, b] = numbers
  const expected = name === 'constant' ? 1 : 2
  if (numbers.length !== expected || !numbers.every(Number.isFinite)) throw invalid(field, spec, `expected ${examples}`)
  switch (name) {
    case 'constant':
      checkRange(field, spec, a, range)
      return { spec: String(a), least: a, draw: () => a }
    case 'uniform':
      checkRange(field, spec, a, range)
      checkRange(field, spec, b, range)
      if (a > b) throw invalid(field, spec, `expected the smaller number first, uniform:${b},${a}`)
      return { spec: `uniform:${a},${b}`, least: a, draw: rng => a + (b - a) * rng.uniform() }
    case 'log-normal':
      if (range.max !== undefined) throw invalid(field, spec, `it has no bound; expected at most ${range.max}`)
      if (!(a > 0 && b >= 0)) throw invalid(field, spec, 'expected a median above 0 and a deviation of at least 0')
      return { spec: `log-normal:${a},${b}`, least: 0, draw: rng => a * Math.exp(b * rng.normal()) }
    default:
      throw invalid(field, spec, `expected ${examples}`)
  }
}

function readTrace(field: string, path: string, range: Range): Distribution {
  const spec = `trace:${path}`
  const values: number[] = []
  for (const [index, line] of readLines(path).entries()) {
    if (line === '') continue
    const value = Number(line)
    const place = `${spec} line ${index + 1}`
    if (!Number.isFinite(value)) throw invalid(field, place, `"${line}" is no number`)
    checkRange(field, place, value, range)
    values.push(value)
  }
  if (values.length === 0) throw invalid(field, spec, 'expected a number a line')
  return { spec, least: values.reduce((a, b) => Math.min(a, b)), draw: rng => values[rng.integer(values.length)] }
}

function checkRange(field: string, spec: string, value: number, { min, max = Infinity, exclusiveMin }: Range): void {
  const tooLow = exclusiveMin === true ? value <= min : value < min
  if (!tooLow && value <= max) return
  const lower = exclusiveMin === true ? `above ${min}` : `of at least ${min}`
  throw invalid(field, spec, `expected a number ${lower}${max < Infinity ? ` and at most ${max}` : ''}`)
}

function invalid(field: string, spec: string, expected: string): InvalidParametersError {
  return new InvalidParametersError(`${field} ${spec}: ${expected}.`)
}
