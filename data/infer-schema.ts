import { InvalidDataError } from './errors.js'
import { className, measure, parseNumber } from './numbers.js'
import { range } from './random.js'
import { inputsOf, type FeatureColumn, type Label, type Standardise, type TableSchema } from './schema.js'
import type { Column, Table } from './table.js'
import { quote } from './wording.js'

/** Whole-number labels with more distinct values than this are predicted as numbers. */
const MAX_NUMERIC_CLASSES = 20
const MAX_CATEGORIES = 256

export interface SchemaOptions {
  /**
   * What the label is. Without it: words, and whole numbers of at most 20 distinct values, are classes; other numbers
   * are numbers.
   */
  readonly task?: 'classification' | 'regression'
  /** @default 'local' */
  readonly standardise?: Standardise
  /**
   * Rows that statistics are taken from, so that those of the test part stay out. Categories and classes come from all.
   *
   * @default all
   */
  readonly rows?: readonly number[]
}

/**
 * The schema that a task gets from its first node's table. With `standardise: 'task'`, and for a number as the label,
 * means and deviations of that node's columns become known to every member.
 *
 * @throws InvalidDataError when a column has too many categories, or the label a single class
 */
export function inferSchema(table: Table, options: SchemaOptions = {}): TableSchema {
  const { standardise = 'local', rows = range(0, table.lines.length) } = options
  const columns = table.features.map((column): FeatureColumn => {
    const { name } = column
    if (column.kind === 'category') return { name, kind: 'category', categories: distinct(table, column) }
    return standardise === 'task'
      ? { name, kind: 'number', scaling: measure(column.values, rows) }
      : { name, kind: 'number' }
  })
  const inputs = columns.reduce((sum, column) => sum + inputsOf(column), 0)
  return { kind: 'table', inputShape: [inputs], columns, standardise, label: inferLabel(table, rows, options) }
}

/**
 * The columns as this node encodes them: with `standardise: 'local'`, number columns get their scaling from `rows`.
 * Keep them for prediction.
 *
 * @param table - read with `schema`, or the one that `schema` was inferred from
 * @param rows - the training rows, at least one
 */
export function localColumns(schema: TableSchema, table: Table, rows: readonly number[]): readonly FeatureColumn[] {
  if (schema.standardise !== 'local') return schema.columns
  return schema.columns.map((column, i) => {
    const { kind, values } = table.features[i]
    return column.kind === 'number' && kind === 'number' ? { ...column, scaling: measure(values, rows) } : column
  })
}

function inferLabel(table: Table, rows: readonly number[], options: SchemaOptions): Label {
  const { label } = table
  const { name } = label
  if (label.kind === 'number' && (options.task ?? guessTask(label.values)) === 'regression') {
    return { kind: 'number', name, scaling: measure(label.values, rows) }
  }
  const classes = distinct(table, label, className)
  if (classes.length < 2) {
    const problem =
      `label ${quote(name)} is ${quote(classes[0])} in every row; expected at least two classes. ` +
      'Add rows of another class, or name another column with --label.'
    throw new InvalidDataError(table.file, problem, { column: name })
  }
  return { kind: 'class', name, classes }
}

function guessTask(values: Float64Array): 'classification' | 'regression' {
  const whole = values.every(Number.isInteger)
  return whole && new Set(values).size <= MAX_NUMERIC_CLASSES ? 'classification' : 'regression'
}

/** Sorted: as numbers when all of them are numbers, else by code unit, the same on every machine. */
function distinct(table: Table, column: Column, canonical = (text: string): string => text): string[] {
  const found = new Set<string>()
  for (const value of column.values) found.add(canonical(String(value)))
  if (found.size > MAX_CATEGORIES) {
    const problem =
      `column ${quote(column.name)} has ${found.size} different values; expected at most ` +
      `${MAX_CATEGORIES} categories. Delete the column if it is an identifier or free text.`
    throw new InvalidDataError(table.file, problem, { column: column.name })
  }
  const values = [...found]
  return values.every(value => parseNumber(value) !== undefined)
    ? values.sort((a, b) => Number(a) - Number(b))
    : values.sort()
}
