import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidDataError, InvalidParametersError } from '../../data/errors.js'
import { loadData, loadTrainLabels, type LoadOptions } from '../../data/load.js'
import { mnistFolder, readMnist } from '../../data/mnist.js'
import type { ImageSchema } from '../../data/schema.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { datasetCompliance } from '../compliance/dataset.js'
import { fixture } from '../helpers/fixture.js'
import { idxBytes } from '../helpers/idx-bytes.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const load = suite('load')
const folder = temporaryFolder()

const options = (more: Partial<LoadOptions> = {}): LoadOptions => ({ rng: createRng(1), ...more })

/** A folder of ten images of 1 x 2 pixels; image i holds [i, i + 100] and is of class i % 3. */
function imageFolder(name: string, { labels = 10, packed = false, parts = ['train'] } = {}): string {
  mkdirSync(join(folder.path, name), { recursive: true })
  const [ending, pack] = packed ? ['.gz', gzipSync] : ['', (bytes: Uint8Array) => bytes]
  const digits = Array.from({ length: 10 }, (_, i) => i)
  for (const part of parts) {
    const images = idxBytes(
      [10, 1, 2],
      digits.flatMap(i => [i, i + 100])
    )
    folder.write(`${name}/${part}-images.idx3-ubyte${ending}`, pack(images))
    const classes = idxBytes(
      [labels],
      digits.slice(0, labels).map(i => i % 3)
    )
    folder.write(`${name}/${part}-labels.idx1-ubyte${ending}`, pack(classes))
  }
  return join(folder.path, name)
}

load('splits iris into 120 rows and 30, standardised by the 120', () => {
  const { split, schema, columns } = loadData(fixture('iris.csv'), options())
  assert.equal([split.train.rows, split.test.rows], [120, 30])
  assert.equal(schema.inputShape, [4])
  assert.ok(columns!.every(column => column.kind === 'number' && column.scaling !== undefined))
  const features = Array.from(split.train.features)
  const mean = features.reduce((sum, feature) => sum + feature, 0) / features.length
  const square = features.reduce((sum, feature) => sum + feature ** 2, 0) / features.length
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(square - 1) < 1e-5, `mean ${mean}, mean square ${square}`)
})

load('gives nodes that share a file the same test part and the training rows they ask for', () => {
  const whole = loadData(fixture('iris.csv'), options({ standardise: 'none' }))
  const part = loadData(fixture('iris.csv'), options({ schema: whole.schema, trainRows: [5, 2] }))
  assert.equal(part.split.test.features, whole.split.test.features)
  assert.equal([...part.split.train.features.subarray(0, 4)], [...whole.split.train.features.subarray(20, 24)])
  assert.is(part.split.train.rows, 2)
})

load('gives the labels that training rows point into', () => {
  const { split } = loadData(fixture('digits.csv'), options())
  assert.equal(loadTrainLabels(fixture('digits.csv'), options({ trainRows: [0] })), split.train.labels)
  const images = imageFolder('pool')
  assert.equal(
    [...(loadTrainLabels(images, options()) as number[])],
    [...loadData(images, options()).split.train.labels]
  )
  assert.is(loadTrainLabels(mnistFolder(), options()).length, 60_000)
})

for (const packed of [false, true]) {
  load(`splits a folder that has training images only${packed ? ', packed' : ''}`, () => {
    const { split, schema, columns } = loadData(imageFolder(`train-${packed}`, { packed }), options())
    assert.equal([split.train.rows, split.test.rows], [8, 2])
    assert.is(columns, undefined)
    assert.equal(schema, {
      kind: 'image',
      inputShape: [2],
      imageShape: [1, 2, 1],
      label: { kind: 'class', name: 'label', classes: ['0', '1', '2'] }
    })
    for (const { rows, features, labels } of [split.train, split.test]) {
      for (let row = 0; row < rows; row++) {
        assert.is(features[2 * row + 1], features[2 * row] + 100, `pixels of row ${row}`)
        assert.is(labels[row], features[2 * row] % 3, `label of row ${row}`)
      }
    }
  })
}

for (const part of ['t10k', 'test']) {
  load(`takes the files called ${part} as test part`, () => {
    const path = imageFolder(part, { parts: ['train', part] })
    const { split } = loadData(path, options({ trainRows: [9], testRows: [3, 4], layout: 'image' }))
    assert.equal([...split.train.features], [9, 109])
    assert.equal([...split.test.features], [3, 103, 4, 104])
    assert.equal(split.train.inputShape, [1, 2, 1])
  })
}

load('reads a thousand images of MNIST and not the rest', () => {
  const trainRows = Array.from({ length: 1_000 }, (_, i) => 3_000 + i)
  const { split, schema } = loadData(mnistFolder(), options({ trainRows, testRows: [0, 1, 2] }))
  assert.equal([split.train.rows, split.test.rows], [1_000, 3])
  assert.is(split.train.features.buffer.byteLength, 784_000)
  assert.equal(schema.inputShape, [784])
  assert.equal([...split.test.labels], [7, 2, 1])
})

load('refuses a path that leads nowhere, and a file of another kind', () => {
  const absent = join(folder.path, 'absent')
  throwsExactly(
    () => loadData(absent, options()),
    InvalidDataError,
    `${absent}: no such file or folder; expected a CSV file or a folder of IDX files. Check the path.`
  )
  const other = folder.write('a.parquet', '')
  throwsExactly(
    () => loadData(other, options()),
    InvalidDataError,
    `${other}: no CSV file by its name; expected one that ends in .csv, or a folder of IDX files. Check the path.`
  )
})

load('refuses a folder without IDX files, and images without labels', () => {
  throwsExactly(
    () => loadData(folder.path, options()),
    InvalidDataError,
    `${folder.path}: no IDX files; expected train-images-idx3-ubyte and train-labels-idx1-ubyte. Check the path.`
  )
  const alone = join(folder.path, 'alone')
  mkdirSync(alone)
  folder.write('alone/train-images-idx3-ubyte', idxBytes([1, 1, 1], [0]))
  throwsExactly(
    () => loadData(alone, options()),
    InvalidDataError,
    `${alone}: train-images-idx3-ubyte stands alone; expected a file of images and one of labels. Add the other.`
  )
})

load('refuses as many labels as there are no images', () => {
  const path = imageFolder('unequal', { labels: 9 })
  throwsExactly(
    () => loadData(path, options({ trainRows: [0] })),
    InvalidDataError,
    `${path}/train-labels.idx1-ubyte: 9 labels; expected 10, one an image of ${path}/train-images.idx3-ubyte. ` +
      'Fetch both files again.'
  )
})

load('refuses data of another kind, shape or class than the task says', () => {
  const path = imageFolder('joiner')
  const schema = loadData(path, options()).schema as ImageSchema
  throwsExactly(
    () => loadData(fixture('iris.csv'), options({ schema })),
    InvalidDataError,
    `${fixture('iris.csv')}: ` +
      'the task learns from a folder of IDX files, and this is none. Give it one, or join another task.'
  )
  const larger = { ...schema, imageShape: [28, 28, 1] }
  throwsExactly(
    () => loadData(path, options({ schema: larger })),
    InvalidDataError,
    `${path}/train-images.idx3-ubyte: images of 1 x 2 x 1; expected 28 x 28 x 1 as the task says. ` +
      'Convert them, or join another task.'
  )
  const withTest = imageFolder('joiner-with-test', { parts: ['train', 'test'] })
  const fewer = { ...schema, label: { ...schema.label, classes: ['0', '1'] } }
  throwsExactly(
    () => loadData(withTest, options({ schema: fewer, trainRows: [0, 8] })),
    InvalidDataError,
    `${withTest}/train-labels.idx1-ubyte: image 8 has label 2; expected a class of the task, 0 to 1. Remove ` +
      'the image, or join another task.'
  )
})

load('refuses a single row, and training rows that are not there', () => {
  const single = folder.write('single.csv', 'a,y\n1,2\n')
  throwsExactly(
    () => loadData(single, options()),
    InvalidDataError,
    `${single}: 1 usable row; expected at least 2, one to train on and one to test with. Add rows.`
  )
  throwsExactly(
    () => loadData(fixture('iris.csv'), options({ trainRows: [120] })),
    InvalidParametersError,
    'row 120 does not exist; expected one of 120.'
  )
})

load.run()

for (const [name, classes] of [
  ['iris', 3],
  ['digits', 10],
  ['boston', undefined]
] as const) {
  runChecks(
    `${name}.csv complies`,
    datasetCompliance(() => loadData(fixture(`${name}.csv`), options()).split, classes)
  )
}
runChecks(
  'idx complies',
  datasetCompliance(() => loadData(imageFolder('compliance'), options()).split, 3)
)
runChecks(
  'mnist complies',
  datasetCompliance(() => readMnist({ trainRows: [5, 4, 59_999], testRows: [0, 9_999], layout: 'image' }), 10)
)
