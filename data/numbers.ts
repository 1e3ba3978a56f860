import type { Scaling } from './schema.js'

/** @returns undefined when `text` is no number, or one that a 32-bit float cannot hold */
export function parseNumber(text: string): number | undefined {
  if (text.trim() === '') return undefined
  const value = Number(text)
  return Number.isFinite(Math.fround(value)) ? value : undefined
}

/** A class as the schema names it. Numbers are written one way, so that `1`, `1.0` and `01` are one class. */
export function className(text: string): string {
  const value = parseNumber(text)
  return value === undefined ? text : String(value)
}

/**
 * Mean and (population) standard deviation of some rows.
 *
 * @param rows - indices into `values`, at least one
 * @returns deviation 1 when all values are equal, so that they scale to 0
 */
export function measure(values: Float64Array, rows: readonly number[]): Scaling {
  let mean = 0
  for (const row of rows) mean += values[row] / rows.length
  let variance = 0
  for (const row of rows) variance += (values[row] - mean) ** 2 / rows.length
  const deviation = Math.sqrt(variance)
  // Equal values can differ from their rounded mean by some units in the last place.
  return { mean, deviation: deviation > Math.abs(mean) * 1e-12 ? deviation : 1 }
}

/** From the unit of the data to that of the model. Without a scaling they are the same. */
export function standardise(value: number, scaling: Scaling | undefined): number {
  return scaling === undefined ? value : (value - scaling.mean) / scaling.deviation
}

/** From the unit of the model back to that of the data. */
export function restore(value: number, scaling: Scaling): number {
  return value * scaling.deviation + scaling.mean
}
