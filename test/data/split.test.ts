import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dataset } from '../../data/dataset.js'
import { InvalidParametersError } from '../../data/errors.js'
import { selectRows, splitDataset, splitRows } from '../../data/split.js'
import { createRng } from '../../learning/rng.js'
import { runChecks } from '../compliance/check.js'
import { datasetCompliance } from '../compliance/dataset.js'
import { throwsExactly } from '../helpers/throws.js'

const split = suite('split')

const dataset: Dataset = {
  rows: 4,
  inputShape: [2],
  features: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31),
  scale: 1,
  labels: Float32Array.of(0, 1, 2, 3)
}

split('holds a fifth out, every row in one part', () => {
  const { train, test } = splitRows(100, createRng(1))
  assert.is(test.length, 20)
  assert.equal(
    [...train, ...test].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i)
  )
})

split('gives the same parts for the same seed, in random order', () => {
  assert.equal(splitRows(100, createRng(1)), splitRows(100, createRng(1)))
  assert.not.equal(splitRows(100, createRng(1)), splitRows(100, createRng(2)))
  const { train } = splitRows(100, createRng(1))
  assert.not.equal(
    train,
    train.slice().sort((a, b) => a - b)
  )
})

split('leaves a row for each part', () => {
  for (const share of [0.01, 0.99]) {
    const { train, test } = splitRows(2, createRng(1), share)
    assert.equal([train.length, test.length], [1, 1], `share ${share}`)
  }
})

split('refuses a share outside (0, 1) and a single row', () => {
  for (const share of [0, 1, NaN]) {
    throwsExactly(
      () => splitRows(9, createRng(1), share),
      InvalidParametersError,
      `test share is ${share}; expected a number between 0 and 1.`
    )
  }
  throwsExactly(
    () => splitRows(1, createRng(1)),
    InvalidParametersError,
    '1 row; expected at least 2, one to train on and one to test with.'
  )
})

split('copies rows in the order given', () => {
  const { rows, features, labels } = selectRows(dataset, [3, 0])
  assert.is(rows, 2)
  assert.equal([...features], [30, 31, 0, 1])
  assert.equal([...labels], [3, 0])
})

split('keeps bytes as bytes', () => {
  assert.instance(selectRows({ ...dataset, features: new Uint8Array(8) }, [0]).features, Uint8Array)
})

split('refuses a row that does not exist', () => {
  throwsExactly(() => selectRows(dataset, [4]), InvalidParametersError, 'row 4 does not exist; expected one below 4.')
})

split.run()

runChecks(
  'split complies',
  datasetCompliance(() => splitDataset(dataset, createRng(1)), 4)
)
