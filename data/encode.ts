import { sharedFloats, width, type Dataset } from './dataset.js'
import { InvalidDataError } from './errors.js'
import { className, standardise } from './numbers.js'
import { inputsOf, type FeatureColumn, type Label, type TableSchema } from './schema.js'
import type { Table } from './table.js'
import { list, quote } from './wording.js'

/**
 * Turn rows of a table into what the model takes: numbers standardised, categories one-hot (all zeros for a category
 * that the schema does not know).
 *
 * @param table - read with `schema`, or the one that `schema` was inferred from
 * @param columns - what `localColumns` gave
 * @param rows - indices into the table, in the order wanted
 * @throws InvalidDataError when a label is no class of the schema, or a number is too far from the scaling's mean
 */
export function encodeTable(
  table: Table,
  schema: TableSchema,
  columns: readonly FeatureColumn[],
  rows: readonly number[]
): Dataset {
  const inputs = width(schema.inputShape)
  const features = sharedFloats(rows.length * inputs)
  let first = 0
  columns.forEach((column, c) => {
    const { values } = table.features[c]
    rows.forEach((row, r) => {
      if (!writeCell(features, r * inputs + first, column, values[row])) {
        throw tooLarge(table, row, column.name, values[row])
      }
    })
    first += inputsOf(column)
  })
  const labels = encodeLabels(table, schema, rows)
  return { rows: rows.length, inputShape: schema.inputShape, features, scale: 1, labels }
}

/**
 * Write the inputs that one value gives into `output` from `start` on, changing it. Those of a category must hold zeros
 * before.
 *
 * @returns whether the standardised number fits in a 32-bit float; always so for a category
 */
export function writeCell(output: Float32Array, start: number, column: FeatureColumn, value: number | string): boolean {
  if (column.kind === 'number') {
    output[start] = standardise(Number(value), column.scaling)
    return Number.isFinite(output[start])
  }
  const category = column.categories.indexOf(String(value))
  if (category !== -1) output[start + category] = 1
  return true
}

function encodeLabels(table: Table, schema: TableSchema, rows: readonly number[]): Float32Array {
  const labels = sharedFloats(rows.length)
  rows.forEach((row, r) => {
    labels[r] = encodeLabel(table, row, schema.label)
    if (!Number.isFinite(labels[r])) throw tooLarge(table, row, schema.label.name, table.label.values[row])
  })
  return labels
}

function encodeLabel(table: Table, row: number, label: Label): number {
  const value = table.label.values[row]
  if (label.kind === 'number') return standardise(Number(value), label.scaling)
  const index = label.classes.indexOf(className(String(value)))
  if (index !== -1) return index
  const problem =
    `label ${quote(label.name)} is ${quote(String(value))}; expected one of the task's classes: ` +
    `${list(label.classes)}. Correct the row or delete it.`
  throw new InvalidDataError(table.file, problem, { line: table.lines[row], column: label.name })
}

function tooLarge(table: Table, row: number, column: string, value: number | string): InvalidDataError {
  const problem =
    `column ${quote(column)} is ${quote(String(value))}; expected a number closer to those that the ` +
    'scaling was measured on. Correct the row or delete it.'
  return new InvalidDataError(table.file, problem, { line: table.lines[row], column })
}
