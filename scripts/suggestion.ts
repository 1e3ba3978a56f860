import { closest, distance } from 'fastest-levenshtein'

/** @returns the line that offers the nearest of some names, or none when no name is near */
export function suggestion(actual: string, names: readonly string[]): string[] {
  const nearest = closest(actual, names)
  return distance(actual, nearest) <= Math.max(2, actual.length / 3) ? [`Did you mean "${nearest}"?`] : []
}
