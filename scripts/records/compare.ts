import { formatTable } from '../output.js'
import type { Run } from './read-run.js'
import { results } from './results.js'

/** Two runs side by side: where their configs differ, and what each came to. */
export function compareRuns(a: Run, b: Run): string {
  const [left, right] = [a, b].map(({ config }) => flat(config))
  const names = [...new Set([...left.keys(), ...right.keys()])]
  const differing = names
    .filter(name => left.get(name) !== right.get(name))
    .map(name => [name, left.get(name) ?? '-', right.get(name) ?? '-'])
  const [first, second] = [a, b].map(run => new Map(results(run)))
  const figures = [...new Set([...first.keys(), ...second.keys()])].map(name => [
    name,
    first.get(name) ?? '-',
    second.get(name) ?? '-'
  ])
  const title = differing.length === 0 ? 'SAME CONFIG' : 'CONFIG'
  const blank = ['', '', '']
  return formatTable([[title, a.id, b.id], ...differing, blank, ['RESULT', '', ''], ...figures])
}

/** Settings by their path: `settings.topology`. */
function flat(value: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([name, each]: [string, unknown]) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? [...flat(each, `${path}${name}.`)]
        : [[`${path}${name}`, JSON.stringify(each)] as const]
    )
  )
}
