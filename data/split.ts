import { sharedBytes, sharedFloats, width, type Dataset, type DataSplit } from './dataset.js'
import { InvalidParametersError } from './errors.js'
import { range, shuffled, type Random } from './random.js'
import { count } from './wording.js'

export const DEFAULT_TEST_SHARE = 0.2

/**
 * Hold rows out at random.
 *
 * @param rows - how many there are, at least 2
 * @param testShare - in (0, 1); each part gets at least one row
 * @returns both in random order, so that a run of `train` is a fair sample even of a sorted file
 * @throws InvalidParametersError
 */
export function splitRows(
  rows: number,
  rng: Random,
  testShare = DEFAULT_TEST_SHARE
): { train: number[]; test: number[] } {
  if (!(testShare > 0 && testShare < 1)) {
    throw new InvalidParametersError(`test share is ${testShare}; expected a number between 0 and 1.`)
  }
  if (rows < 2) {
    const found = count(rows, 'row')
    throw new InvalidParametersError(`${found}; expected at least 2, one to train on and one to test with.`)
  }
  const held = Math.min(rows - 1, Math.max(1, Math.round(rows * testShare)))
  const order = shuffled(range(0, rows), rng)
  return { train: order.slice(held), test: order.slice(0, held) }
}

/** Copy some rows, in the order given, into buffers of their own. */
export function selectRows(dataset: Dataset, indices: readonly number[]): Dataset {
  const size = width(dataset.inputShape)
  const length = indices.length * size
  const features = dataset.features instanceof Uint8Array ? sharedBytes(length) : sharedFloats(length)
  const labels = sharedFloats(indices.length)
  indices.forEach((index, row) => {
    if (!(index >= 0 && index < dataset.rows)) {
      throw new InvalidParametersError(`row ${index} does not exist; expected one below ${dataset.rows}.`)
    }
    features.set(dataset.features.subarray(index * size, (index + 1) * size), row * size)
    labels[row] = dataset.labels[index]
  })
  return { ...dataset, rows: indices.length, features, labels }
}

/** Hold rows of a data set out at random, as `splitRows` does. */
export function splitDataset(dataset: Dataset, rng: Random, testShare = DEFAULT_TEST_SHARE): DataSplit {
  const { train, test } = splitRows(dataset.rows, rng, testShare)
  return { train: selectRows(dataset, train), test: selectRows(dataset, test) }
}
