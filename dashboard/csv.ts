import type { Column } from './wire.js'

/** One row: a value a column, by name. */
export type Row = Record<string, string>

/**
 * Read rows of comma-separated values, quoted ones too. A first line that holds names of columns is a header; without it,
 * values are in the order of the columns, and one more at the end (the label) is left out.
 *
 * @throws Error that says what was found and expected
 */
export function parseRows(text: string, columns: readonly Column[]): Row[] {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  if (lines.length === 0) throw new Error('No row; type or drop one.')
  const first = cellsOf(lines[0])
  const names = columns.map(({ name }) => name)
  if (names.every(name => first.includes(name))) {
    if (lines.length === 1) throw new Error('Only a header; add a row below it.')
    return lines.slice(1).map(line => Object.fromEntries(cellsOf(line).map((cell, i) => [first[i], cell])))
  }
  return lines.map((line, i) => {
    const cells = cellsOf(line)
    if (cells.length !== names.length && cells.length !== names.length + 1) {
      throw new Error(`Row ${i + 1} has ${cells.length} values; expected ${names.length}: ${short(names)}.`)
    }
    return Object.fromEntries(names.map((name, c) => [name, cells[c]]))
  })
}

function cellsOf(line: string): string[] {
  const cells = `,${line}`.matchAll(/,(?:\s*"((?:[^"]|"")*)"\s*|([^,]*))/g)
  return [...cells].map(([, quoted, plain]) => (quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"')))
}

function short(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} …`
}
