import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeTable } from '../../data/encode.js'
import { InvalidDataError } from '../../data/errors.js'
import { inferSchema, localColumns, type SchemaOptions } from '../../data/infer-schema.js'
import type { FeatureColumn, TableSchema } from '../../data/schema.js'
import { readTable, type Table, type TableOptions } from '../../data/table.js'
import { fixture } from '../helpers/fixture.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const table = suite('table')
const folder = temporaryFolder()

const read = (content: string, options?: TableOptions): Table => readTable(folder.write('train.csv', content), options)
const schemaOf = (content: string, options: TableOptions & SchemaOptions = {}): TableSchema =>
  inferSchema(read(content, options), options)
const refuses = (run: () => unknown, message: string): InvalidDataError =>
  throwsExactly(run, InvalidDataError, `${folder.path}/train.csv${message}`)

const people = 'age,colour,bought\n10,red,yes\n20,blue,no\n30,red,yes\n'
/** Rows `start` to `end` of two number columns; the label is 0 or 1. */
const numbers = (rows: number): string => Array.from({ length: rows }, (_, i) => `${i},${i % 2}\n`).join('')

table('takes columns of numbers as numbers and others as categories', () => {
  assert.equal(schemaOf(people), {
    kind: 'table',
    inputShape: [3],
    columns: [
      { name: 'age', kind: 'number' },
      { name: 'colour', kind: 'category', categories: ['blue', 'red'] }
    ],
    standardise: 'local',
    label: { kind: 'class', name: 'bought', classes: ['no', 'yes'] }
  })
})

table('takes the label from the column that is named', () => {
  const schema = schemaOf(people, { label: 'colour' })
  assert.equal(schema.label, { kind: 'class', name: 'colour', classes: ['blue', 'red'] })
  assert.equal(
    schema.columns.map(({ name }) => name),
    ['age', 'bought']
  )
})

table('sorts classes that are numbers by value and writes them one way', () => {
  assert.equal(schemaOf('a,y\n1,10\n1,9.0\n1,10.0\n').label, { kind: 'class', name: 'y', classes: ['9', '10'] })
})

table('finds classification in iris and digits, and regression in boston', () => {
  const labelOf = (name: string) => inferSchema(readTable(fixture(name))).label
  assert.equal(labelOf('iris.csv'), { kind: 'class', name: 'label', classes: ['setosa', 'versicolor', 'virginica'] })
  assert.equal(labelOf('digits.csv'), {
    kind: 'class',
    name: 'label',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
  })
  assert.is(labelOf('boston.csv').kind, 'number')
})

table('takes whole numbers as classes up to 20 distinct values', () => {
  const labels = (distinct: number): string => 'a,y\n' + Array.from({ length: distinct }, (_, i) => `1,${i}\n`).join('')
  assert.is(schemaOf(labels(20)).label.kind, 'class')
  assert.is(schemaOf(labels(21)).label.kind, 'number')
})

table('obeys a task that is given', () => {
  assert.is(schemaOf('a,y\n1,0\n2,1\n', { task: 'regression' }).label.kind, 'number')
  assert.equal(schemaOf('a,y\n1,0.5\n2,1\n', { task: 'classification' }).label, {
    kind: 'class',
    name: 'y',
    classes: ['0.5', '1']
  })
  refuses(
    () => read(people, { task: 'regression' }),
    ': label "bought" holds words; expected numbers, as the task ' +
      'is regression. Pass --task classification, or name another column with --label.'
  )
})

table('takes statistics for the task from the rows that it is told', () => {
  const { columns, label } = schemaOf('a,y\n1,0.5\n3,1.5\n99,99\n', { standardise: 'task', rows: [0, 1] })
  assert.equal(columns, [{ name: 'a', kind: 'number', scaling: { mean: 2, deviation: 1 } }])
  assert.equal(label, { kind: 'number', name: 'y', scaling: { mean: 1, deviation: 0.5 } })
})

const scalings: [standardise: 'local' | 'task' | 'none', expected: number[]][] = [
  ['local', [-1, 1]],
  ['task', [-1, 1]],
  ['none', [1, 3]]
]
for (const [standardise, expected] of scalings) {
  table(`encodes numbers with ${standardise} statistics`, () => {
    const rows = read('a,y\n1,no\n3,yes\n')
    const schema = inferSchema(rows, { standardise })
    const { features, labels } = encodeTable(rows, schema, localColumns(schema, rows, [0, 1]), [0, 1])
    assert.equal([...features], expected)
    assert.equal([...labels], [0, 1])
  })
}

table('standardises every node by its own rows when that is local', () => {
  const schema = schemaOf('a,y\n1,no\n3,yes\n')
  const joiner = read('a,y\n100,no\n300,yes\n', { schema })
  const columns = localColumns(schema, joiner, [0, 1])
  assert.equal(columns, [{ name: 'a', kind: 'number', scaling: { mean: 200, deviation: 100 } }])
  assert.equal([...encodeTable(joiner, schema, columns, [1, 0]).features], [1, -1])
})

table('scales a column of equal values to 0', () => {
  const rows = read('a,y\n0.1,no\n0.1,yes\n0.1,yes\n')
  const schema = inferSchema(rows)
  const { features } = encodeTable(rows, schema, localColumns(schema, rows, [0, 1, 2]), [0, 1, 2])
  assert.ok(
    features.every(feature => Math.abs(feature) < 1e-12),
    [...features].join()
  )
})

table('encodes categories one-hot, and one that the schema does not know as zeros', () => {
  const schema = schemaOf(people, { standardise: 'none' })
  const joiner = read('age,colour,bought\n1,green,no\n2,red,yes\n', { schema })
  assert.equal([...encodeTable(joiner, schema, schema.columns, [0, 1]).features], [1, 0, 0, 2, 0, 1])
})

table('puts the inputs of a column behind all of the column before', () => {
  const rows = read('colour,age,size,y\nred,7,S,no\nblue,8,L,yes\n')
  const schema = inferSchema(rows, { standardise: 'none' })
  assert.equal(schema.inputShape, [5])
  const { features } = encodeTable(rows, schema, schema.columns, [0, 1])
  assert.equal([...features], [0, 1, 7, 0, 1, 1, 0, 8, 1, 0])
})

table('finds the columns of a schema in any order and ignores others', () => {
  const schema = schemaOf(people, { standardise: 'none' })
  const joiner = read('bought,note,colour,age\nno,,blue,7\n', { schema })
  assert.equal([...encodeTable(joiner, schema, schema.columns, [0]).features], [7, 1, 0])
})

table('refuses a word among numbers, naming line and column', () => {
  const rows = numbers(16)
  const content = `age,y\n${rows}n/a,1\n`
  const error = refuses(
    () => read(content),
    ' line 18: column "age" is "n/a"; expected a number. Pass --missing drop to skip such rows.'
  )
  assert.is(error.line, 18)
  assert.is(error.column, 'age')
  assert.is(read(content, { missing: 'drop' }).lines.length, 16)
})

table('takes a column as one of numbers from 90 % on', () => {
  assert.throws(() => read(`age,y\n${numbers(9)}n/a,1\n`), /expected a number/)
  assert.is(read(`age,y\n${numbers(8)}n/a,1\n`).features[0].kind, 'category')
})

table('refuses an empty cell', () => {
  refuses(
    () => read('age,y\n1,no\n,yes\n'),
    ' line 3: column "age" is empty; expected a number. Pass --missing drop to skip such rows.'
  )
  refuses(
    () => read('colour,y\nred,no\n,yes\n'),
    ' line 3: column "colour" is empty; expected a category. Pass --missing drop to skip such rows.'
  )
})

table('refuses a number that 32 bits cannot hold', () => {
  refuses(
    () => read(`age,y\n${numbers(10)}1e300,1\n`),
    ' line 12: column "age" is "1e300"; expected a number. Pass --missing drop to skip such rows.'
  )
})

table('refuses a file of which no row is complete', () => {
  refuses(
    () => read('a,b,y\n1,,no\n2,,yes\n', { missing: 'drop' }),
    ': every row has an empty or unfit cell; ' +
      'expected complete rows of a, b, y. Fill in or delete the column that is empty.'
  )
})

table('refuses a label that is no column', () => {
  refuses(
    () => read(people, { label: 'price' }),
    ': no column "price" for the label; expected one of age, colour, bought. Correct --label.'
  )
})

table('refuses more than 256 categories', () => {
  const content = 'id,y\n' + Array.from({ length: 257 }, (_, i) => `x${i},${i % 2}\n`).join('')
  refuses(
    () => schemaOf(content),
    ': column "id" has 257 different values; expected at most 256 categories. Delete ' +
      'the column if it is an identifier or free text.'
  )
})

table('refuses a label of one class', () => {
  refuses(
    () => schemaOf('a,y\n1,no\n2,no\n'),
    ': label "y" is "no" in every row; expected at least two classes. Add ' +
      'rows of another class, or name another column with --label.'
  )
})

table('refuses a joiner without the columns of the schema', () => {
  const schema = schemaOf(people)
  refuses(
    () => read('age,x\n1,2\n', { schema }),
    ': no column "colour", "bought"; expected the columns of the task: ' +
      'age, colour, bought. Rename or add what is missing.'
  )
})

table('refuses a joiner with a word where the schema says number', () => {
  const schema = schemaOf(people)
  refuses(
    () => read('age,colour,bought\nold,red,no\n', { schema }),
    ' line 2: column "age" is "old"; expected a number. Pass --missing drop to skip such rows.'
  )
})

table('refuses a joiner with a class that the schema does not know', () => {
  const schema = schemaOf(people)
  const joiner = read('age,colour,bought\n1,red,no\n1,red,maybe\n', { schema })
  const error = refuses(
    () => encodeTable(joiner, schema, schema.columns, [0, 1]),
    ' line 3: label "bought" is ' +
      '"maybe"; expected one of the task\'s classes: no, yes. Correct the row or delete it.'
  )
  assert.is(error.column, 'bought')
})

table('accepts a joiner that writes numeric classes in another way', () => {
  const schema = schemaOf('a,y\n1,0\n2,1\n')
  const joiner = read('a,y\n1,1.0\n2,0.0\n', { schema })
  assert.equal([...encodeTable(joiner, schema, schema.columns, [0, 1]).labels], [1, 0])
})

table('refuses a number that is too large once it is scaled', () => {
  const rows = read('a,y\n1e38,no\n2,yes\n')
  const columns: FeatureColumn[] = [{ name: 'a', kind: 'number', scaling: { mean: 0, deviation: 1e-9 } }]
  const schema: TableSchema = { ...inferSchema(rows), standardise: 'task', columns }
  refuses(
    () => encodeTable(rows, schema, columns, [0, 1]),
    ' line 2: column "a" is "1e+38"; expected a number ' +
      'closer to those that the scaling was measured on. Correct the row or delete it.'
  )
})

table.run()
