import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Csv from 'csv-parse/sync'
import { InvalidDataError } from './errors.js'
import { count, quote } from './wording.js'

/** A CSV file as it stands: every row has a cell a column. */
export interface CsvFile {
  readonly path: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Where each row ends in the file, counted from 1. */
  readonly lines: readonly number[]
}

/**
 * Read comma-separated values. The first line names the columns; empty lines are skipped, white space around a cell is
 * dropped.
 *
 * @throws InvalidDataError when the file cannot be read, has no rows, or a row is longer or shorter than the header
 */
export function readCsv(path: string): CsvFile {
  const records = parseRecords(path)
  if (records.length === 0) {
    throw new InvalidDataError(path, 'the file is empty; expected a line of column names, then rows. Check the path.')
  }
  const header = records[0].record
  checkHeader(path, header)
  if (records.length === 1) {
    throw new InvalidDataError(path, 'no rows after the header line; expected at least one. Add rows.')
  }
  const body = records.slice(1)
  for (const { record, info } of body) {
    if (record.length === header.length) continue
    const problem = `${count(record.length, 'value')}; expected ${header.length}, one a column. Correct the line.`
    throw new InvalidDataError(path, problem, { line: info.lines })
  }
  return { path, header, rows: body.map(({ record }) => record), lines: body.map(({ info }) => info.lines) }
}

interface CsvRecord {
  readonly record: string[]
  readonly info: { readonly lines: number }
}

function parseRecords(path: string): CsvRecord[] {
  const text = readText(path)
  // Only tables need it, and it is one file this way.
  const { CsvError, parse } = createRequire(import.meta.url)('csv-parse/sync') as typeof Csv
  try {
    const records: unknown = parse(text, {
      bom: true,
      info: true,
      // Named, for guessing looks at the first line alone, and files with both are about.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true
    })
    return records as CsvRecord[]
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const problem =
      'a quote stands inside a value or is never closed; expected quotes around a whole value. Correct the line.'
    throw new InvalidDataError(path, problem, { line: Number(cause.lines), cause })
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const found = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'the file cannot be read'
    throw new InvalidDataError(path, `${found}; expected a CSV file with a header line. Check the path.`, { cause })
  }
}

function checkHeader(path: string, header: readonly string[]): void {
  header.forEach((column, i) => {
    if (column === '') {
      const problem = `column ${i + 1} has no name; expected a name for every column. Name it, or delete the column.`
      throw new InvalidDataError(path, problem, { line: 1 })
    }
    if (header.indexOf(column) !== i) {
      const problem = `two columns are called ${quote(column)}; expected different names. Rename one.`
      throw new InvalidDataError(path, problem, { line: 1, column })
    }
  })
  if (header.length < 2) {
    const problem = `one column, ${quote(header[0])}; expected features and a label, separated by commas. Check the separator.`
    throw new InvalidDataError(path, problem, { line: 1, column: header[0] })
  }
}
