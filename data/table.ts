import { readCsv, type CsvFile } from './csv.js'
import { InvalidDataError } from './errors.js'
import { parseNumber } from './numbers.js'
import type { TableSchema } from './schema.js'
import { list, quote } from './wording.js'

/** From this share of numbers on, a column is one of numbers, and its other values are mistakes. */
const NUMERIC_SHARE = 0.9

/** The values of one column, row after row. */
export type Column =
  | { readonly name: string; readonly kind: 'number'; readonly values: Float64Array }
  | { readonly name: string; readonly kind: 'category'; readonly values: readonly string[] }

/** Complete rows: every cell holds a number or a category, as its column says. */
export interface Table {
  readonly file: string
  /** Length: number of rows. Where each row stands in the file, counted from 1. */
  readonly lines: readonly number[]
  readonly features: readonly Column[]
  readonly label: Column
}

export interface TableOptions {
  /** What the columns must be. Without it, that is inferred. Columns that it does not name are ignored. */
  readonly schema?: TableSchema
  /**
   * Column to predict; a schema's own goes first.
   *
   * @default the last column
   */
  readonly label?: string
  /** What the label is. Without it, that is inferred. */
  readonly task?: 'classification' | 'regression'
  /**
   * What happens to a row with an empty cell, or with a word where a number stands.
   *
   * @default 'fail'
   */
  readonly missing?: 'fail' | 'drop'
}

interface ColumnPlan {
  readonly name: string
  readonly index: number
  readonly kind: Column['kind']
}

/**
 * Read the columns that matter of a CSV file.
 *
 * @throws InvalidDataError when the file is no CSV file, lacks a column, or has an unfit cell and those are not dropped
 */
export function readTable(path: string, options: TableOptions = {}): Table {
  const csv = readCsv(path)
  const plan = options.schema === undefined ? inferPlan(csv, options) : schemaPlan(csv, options.schema)
  const kept = completeRows(csv, plan, options.missing ?? 'fail')
  const columns = plan.map(({ name, index, kind }): Column =>
    kind === 'number'
      ? { name, kind, values: Float64Array.from(kept, row => Number(csv.rows[row][index])) }
      : { name, kind, values: kept.map(row => csv.rows[row][index]) }
  )
  const lines = kept.map(row => csv.lines[row])
  return { file: path, lines, features: columns.slice(0, -1), label: columns.at(-1)! }
}

/** Features in file order, then the label. */
function inferPlan(csv: CsvFile, options: TableOptions): ColumnPlan[] {
  const label = options.label ?? csv.header.at(-1)!
  if (!csv.header.includes(label)) {
    const problem = `no column ${quote(label)} for the label; expected one of ${list(csv.header)}. Correct --label.`
    throw new InvalidDataError(csv.path, problem, { column: label })
  }
  const plan = csv.header.map((name, index): ColumnPlan => ({ name, index, kind: inferKind(csv, index) }))
  const features = plan.filter(({ name }) => name !== label)
  const target = plan.find(({ name }) => name === label)!
  if (options.task === 'classification') return [...features, { ...target, kind: 'category' }]
  if (options.task === 'regression' && target.kind === 'category') {
    const problem =
      `label ${quote(label)} holds words; expected numbers, as the task is regression. ` +
      'Pass --task classification, or name another column with --label.'
    throw new InvalidDataError(csv.path, problem, { column: label })
  }
  return [...features, target]
}

function inferKind(csv: CsvFile, index: number): Column['kind'] {
  let filled = 0
  let numbers = 0
  for (const row of csv.rows) {
    if (row[index] !== '') filled++
    if (parseNumber(row[index]) !== undefined) numbers++
  }
  return filled > 0 && numbers >= NUMERIC_SHARE * filled ? 'number' : 'category'
}

/** Features in the order of the schema, then the label. */
function schemaPlan(csv: CsvFile, schema: TableSchema): ColumnPlan[] {
  const label = { name: schema.label.name, kind: schema.label.kind === 'class' ? 'category' : 'number' } as const
  const plan = [...schema.columns, label].map(({ name, kind }) => ({ name, kind, index: csv.header.indexOf(name) }))
  const absent = plan.filter(({ index }) => index === -1).map(({ name }) => name)
  if (absent.length > 0) {
    const problem =
      `no column ${list(absent.map(quote))}; expected the columns of the task: ` +
      `${list(plan.map(({ name }) => name))}. Rename or add what is missing.`
    throw new InvalidDataError(csv.path, problem, { column: absent[0] })
  }
  return plan
}

function completeRows(csv: CsvFile, plan: readonly ColumnPlan[], missing: 'fail' | 'drop'): number[] {
  const kept: number[] = []
  csv.rows.forEach((row, r) => {
    const unfit = plan.find(
      ({ index, kind }) => row[index] === '' || (kind === 'number' && parseNumber(row[index]) === undefined)
    )
    if (unfit === undefined) {
      kept.push(r)
    } else if (missing === 'fail') {
      const problem =
        `column ${quote(unfit.name)} is ${quote(row[unfit.index])}; expected a ` +
        `${unfit.kind}. Pass --missing drop to skip such rows.`
      throw new InvalidDataError(csv.path, problem, { line: csv.lines[r], column: unfit.name })
    }
  })
  if (kept.length === 0) {
    const problem =
      'every row has an empty or unfit cell; expected complete rows of ' +
      `${list(plan.map(({ name }) => name))}. Fill in or delete the column that is empty.`
    throw new InvalidDataError(csv.path, problem)
  }
  return kept
}
