import { parseRows, type Row } from './csv.js'
import { byId, create } from './dom.js'
import { takeFiles } from './files.js'
import { maxExamples, type Ask } from './try.js'
import type { Column, TableSchema } from './wire.js'

/** With more columns than this a form would be too long; a line of values is not. */
const formColumns = 16

/** Fill in a form, or type or drop rows of CSV. */
export function setUpRows({ columns }: TableSchema, ask: Ask): void {
  byId('try-rows').hidden = false
  const text = byId<HTMLTextAreaElement>('rows-text')
  text.placeholder = columns.map(({ name }) => name).join(', ')
  const form = byId<HTMLFormElement>('rows-form')
  const fields = columns.length <= formColumns ? columns.map(fieldOf) : []
  byId('fields').append(...fields.map(({ label }) => label))
  form.addEventListener('submit', event => {
    event.preventDefault()
    void ask(() => (text.value.trim() === '' && fields.length > 0 ? [filledIn(fields)] : rowsOf(text.value, columns)))
  })
  takeFiles(
    byId('try'),
    byId<HTMLInputElement>('rows-file'),
    file => void ask(async () => rowsOf(await file.text(), columns))
  )
}

interface Field {
  readonly name: string
  readonly label: HTMLLabelElement
  readonly input: HTMLInputElement | HTMLSelectElement
}

function fieldOf(column: Column): Field {
  const { name } = column
  const label = create('label', '', name)
  const input = column.kind === 'number' ? create('input') : create('select')
  if (input instanceof HTMLInputElement) input.inputMode = 'decimal'
  else if (column.kind === 'category') input.append(...column.categories.map(category => new Option(category)))
  label.append(input)
  return { name, label, input }
}

function filledIn(fields: readonly Field[]): Row {
  const empty = fields.filter(({ input }) => input.value.trim() === '').map(({ name }) => name)
  if (empty.length > 0) throw new Error(`Fill in ${empty.join(', ')}.`)
  return Object.fromEntries(fields.map(({ name, input }) => [name, input.value]))
}

function rowsOf(text: string, columns: readonly Column[]): Row[] {
  const rows = parseRows(text, columns)
  if (rows.length > maxExamples) throw new Error(`${rows.length} rows; at most ${maxExamples} are asked for at once.`)
  return rows
}
