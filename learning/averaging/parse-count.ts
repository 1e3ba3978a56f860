import { InvalidParametersError } from '../errors.js'

/**
 * Read an argument of a strategy that is a whole number of 1 or more.
 *
 * @throws InvalidParametersError with its meaning and range
 */
export function parseCount(
  argument: string | undefined,
  {
    of,
    what,
    most,
    default: fallback
  }: { readonly of: string; readonly what: string; readonly most: number; readonly default: number }
): number {
  if (argument === undefined) return fallback
  const count = /^\d+$/.test(argument) ? Number(argument) : NaN
  if (count >= 1 && count <= most) return count
  throw new InvalidParametersError(
    `${of}:${argument}: expected ${what}, a whole number from 1 to ${most}, as in ${of}:${fallback}`
  )
}
