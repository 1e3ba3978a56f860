import { InvalidParametersError } from './errors.js'

/** What a node may send. */
export interface Budget {
  /** As `--budget` takes it: `200KB/round`. */
  readonly spec: string
  readonly bytes: number
  readonly per: 'round' | 'hour'
}

/** @default 200KB/round */
export const DEFAULT_BUDGET = '200KB/round'
const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 }

/**
 * @param text - a number, B, KB, MB or GB (thousands of each other), and `/round` or `/hour`; in capitals or not
 * @throws InvalidParametersError
 */
export function parseBudget(text: string): Budget {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?b)\/(round|hour)\s*$/i.exec(text)
  const unit = match?.[2].toUpperCase() ?? ''
  const bytes = Number(match?.[1]) * UNITS[unit]
  if (match !== null && bytes > 0) {
    const per = match[3].toLowerCase() as Budget['per']
    return { spec: `${Number(match[1])}${unit}/${per}`, bytes, per }
  }
  throw new InvalidParametersError(
    `budget "${text}": expected bytes above 0 a round or an hour, as in 200KB/round or 5MB/hour`
  )
}
