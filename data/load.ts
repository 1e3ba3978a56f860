import { statSync } from 'node:fs'
import type { DataSplit } from './dataset.js'
import { encodeTable } from './encode.js'
import { InvalidDataError, InvalidParametersError } from './errors.js'
import { findImageFolder, inferImageSchema, readImageLabels, readImages } from './image-folder.js'
import { inferSchema, localColumns } from './infer-schema.js'
import { range, type Random } from './random.js'
import type { FeatureColumn, Schema, Standardise, TableSchema } from './schema.js'
import { splitRows } from './split.js'
import { readTable, type Table } from './table.js'
import { count } from './wording.js'

export interface LoadOptions {
  /**
   * Holds rows out where the data has no test part of its own. The same fresh stream gives the same split, so hand
   * every node that shares a file one of the same seed.
   */
  readonly rng: Random
  /** The schema of a task that is joined. Without it one is inferred, and `label`, `task`, ... say how. */
  readonly schema?: Schema
  /** @default the last column */
  readonly label?: string
  /** What the label is; inferred when left out. */
  readonly task?: 'classification' | 'regression'
  /** @default 'local' */
  readonly standardise?: Standardise
  /** @default 'fail' */
  readonly missing?: 'fail' | 'drop'
  /**
   * For images: what the model takes.
   *
   * @default 'flat'
   */
  readonly layout?: 'flat' | 'image'
  /** @default 0.2 */
  readonly testShare?: number
  /**
   * The rows of the training part that this node holds, as a partition gives them.
   *
   * @default all
   */
  readonly trainRows?: readonly number[]
  /**
   * The rows of the test part that this node tests with.
   *
   * @default all
   */
  readonly testRows?: readonly number[]
}

export interface LoadedData {
  readonly split: DataSplit
  readonly schema: Schema
  /** Tables only: the columns with the scaling that this node uses, its own if that is local. Keep for prediction. */
  readonly columns?: readonly FeatureColumn[]
}

/**
 * Load a CSV file, or a folder of IDX files: split, checked against the schema or with one inferred, ready to train on.
 *
 * @throws InvalidDataError when the data is faulty or does not fit the schema
 * @throws InvalidParametersError when an option is out of range
 */
export function loadData(path: string, options: LoadOptions): LoadedData {
  return kindOf(path, options.schema) === 'table' ? loadTable(path, options) : loadImages(path, options)
}

/** The labels of the training part that `trainRows` points into, for a partition. Reads no more than it must. */
export function loadTrainLabels(path: string, options: LoadOptions): ArrayLike<number> {
  if (kindOf(path, options.schema) === 'table') {
    return loadTable(path, { ...options, trainRows: undefined }).split.train.labels
  }
  const folder = findImageFolder(path)
  const labels = readImageLabels(folder.train)
  return folder.test === undefined ? splitFile(path, labels.length, options).train.map(row => labels[row]) : labels
}

function loadTable(path: string, options: LoadOptions): LoadedData {
  const given = options.schema?.kind === 'table' ? options.schema : undefined
  const table = readTable(path, { ...options, schema: given })
  const parts = splitFile(path, table.lines.length, options)
  const train = select(parts.train, options.trainRows)
  const test = select(parts.test, options.testRows)
  const schema = given ?? inferSchema(table, { ...options, rows: train })
  return { ...encodeSplit(table, schema, train, test), schema }
}

function encodeSplit(table: Table, schema: TableSchema, train: number[], test: number[]): Omit<LoadedData, 'schema'> {
  const columns = localColumns(schema, table, train)
  const encode = (rows: number[]) => encodeTable(table, schema, columns, rows)
  return { split: { train: encode(train), test: encode(test) }, columns }
}

function loadImages(path: string, options: LoadOptions): LoadedData {
  const folder = findImageFolder(path)
  const schema = options.schema?.kind === 'image' ? options.schema : inferImageSchema(folder, options.layout)
  if (folder.test !== undefined) {
    const train = readImages(folder.train, schema, options.trainRows)
    return { split: { train, test: readImages(folder.test, schema, options.testRows) }, schema }
  }
  const parts = splitFile(path, readImageLabels(folder.train).length, options)
  const read = (rows: number[]) => readImages(folder.train, schema, rows)
  const train = read(select(parts.train, options.trainRows))
  return { split: { train, test: read(select(parts.test, options.testRows)) }, schema }
}

function kindOf(path: string, schema: Schema | undefined): Schema['kind'] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    const problem = 'no such file or folder; expected a CSV file or a folder of IDX files. Check the path.'
    throw new InvalidDataError(path, problem)
  }
  if (!found.isDirectory() && !path.toLowerCase().endsWith('.csv')) {
    const problem = 'no CSV file by its name; expected one that ends in .csv, or a folder of IDX files. Check the path.'
    throw new InvalidDataError(path, problem)
  }
  const kind = found.isDirectory() ? 'image' : 'table'
  if (schema !== undefined && schema.kind !== kind) {
    const expected = schema.kind === 'table' ? 'a CSV file' : 'a folder of IDX files'
    const problem = `the task learns from ${expected}, and this is none. Give it one, or join another task.`
    throw new InvalidDataError(path, problem)
  }
  return kind
}

function splitFile(path: string, rows: number, options: LoadOptions): { train: number[]; test: number[] } {
  if (rows < 2) {
    const problem = `${count(rows, 'usable row')}; expected at least 2, one to train on and one to test with. Add rows.`
    throw new InvalidDataError(path, problem)
  }
  return splitRows(rows, options.rng, options.testShare)
}

function select(part: number[], wanted: readonly number[] | undefined): number[] {
  return (wanted ?? range(0, part.length)).map(row => {
    if (part[row] === undefined) {
      throw new InvalidParametersError(`row ${row} does not exist; expected one of ${part.length}.`)
    }
    return part[row]
  })
}
