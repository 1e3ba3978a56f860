import { InvalidParametersError } from '../errors.js'

/** @default 0.01 */
export const DEFAULT_RATIO = 0.01

/**
 * The argument of a compressor that keeps a share of the coordinates.
 *
 * @throws InvalidParametersError when it is no number or outside (0, 1]
 */
export function parseRatio(name: string, argument: string | undefined): number {
  if (argument === undefined) return DEFAULT_RATIO
  const ratio = argument.trim() === '' ? NaN : Number(argument)
  if (ratio > 0 && ratio <= 1) return ratio
  throw new InvalidParametersError(
    `${name}:${argument}: expected the share of values to keep, above 0 and at ` + `most 1, as in ${name}:0.01`
  )
}

/** k = max(1, round(ratio * size)). */
export function keptCount(ratio: number, size: number): number {
  return Math.max(1, Math.round(ratio * size))
}
