import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readCsv } from '../../data/csv.js'
import { InvalidDataError } from '../../data/errors.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const csv = suite('csv')
const folder = temporaryFolder()

csv('reads a header and rows with the lines they end on', () => {
  const path = folder.write('a.csv', '\ufeffname, age\n"Ann\nLee",3\n\n Bo , 4\n')
  const { header, rows, lines } = readCsv(path)
  assert.equal(header, ['name', 'age'])
  assert.equal(rows, [
    ['Ann\nLee', '3'],
    ['Bo', '4']
  ])
  assert.equal(lines, [3, 5])
})

csv('reads Windows line ends', () => {
  assert.equal(readCsv(folder.write('a.csv', 'a,b\r\n1,2\r\n')).rows, [['1', '2']])
})

csv('reads a file with line ends of several kinds', () => {
  const path = folder.write('mixed.csv', 'a,b\r\n1,2\n3,4\r\n')
  assert.equal(readCsv(path).rows, [
    ['1', '2'],
    ['3', '4']
  ])
})

const faults: [name: string, content: string, message: string, line?: number][] = [
  ['an empty file', '', ': the file is empty; expected a line of column names, then rows. Check the path.'],
  ['a header only', 'a,b\n', ': no rows after the header line; expected at least one. Add rows.'],
  ['a short row', 'a,b\n1,2\n3\n', ' line 3: 1 value; expected 2, one a column. Correct the line.', 3],
  ['a long row', 'a,b\n1,2,3\n', ' line 2: 3 values; expected 2, one a column. Correct the line.', 2],
  [
    'two columns of one name',
    'a,b,a\n1,2,3\n',
    ' line 1: two columns are called "a"; expected different names. Rename one.',
    1
  ],
  [
    'a column without a name',
    ',b\n1,2\n',
    ' line 1: column 1 has no name; expected a name for every column. Name it, or delete the column.',
    1
  ],
  [
    'another separator',
    'a;b\n1;2\n',
    ' line 1: one column, "a;b"; expected features and a label, separated by commas. Check the separator.',
    1
  ],
  [
    'a stray quote',
    'a,b\n1,2\nx"y,2\n',
    ' line 3: a quote stands inside a value or is never closed; expected quotes ' +
      'around a whole value. Correct the line.',
    3
  ]
]

for (const [name, content, message, line] of faults) {
  csv(`refuses ${name}`, () => {
    const path = folder.write('faulty.csv', content)
    const error = throwsExactly(() => readCsv(path), InvalidDataError, `${path}${message}`)
    assert.is(error.file, path)
    assert.is(error.line, line)
  })
}

csv('refuses a file that is not there', () => {
  const path = join(folder.path, 'absent.csv')
  const error = throwsExactly(
    () => readCsv(path),
    InvalidDataError,
    `${path}: no such file; expected a CSV file with a header line. Check the path.`
  )
  assert.instance(error.cause, Error)
})

csv('refuses a folder', () => {
  throwsExactly(
    () => readCsv(folder.path),
    InvalidDataError,
    `${folder.path}: the file cannot be read; expected a CSV file with a header line. Check the path.`
  )
})

csv.run()
