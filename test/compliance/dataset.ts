import * as assert from 'uvu/assert'
import { width, type Dataset, type DataSplit } from '../../data/dataset.js'
import type { Check } from './check.js'

/**
 * What every source of data must do.
 *
 * @param create - called anew for every check, with the same seed
 * @param classes - how many there are; left out for regression
 */
export function datasetCompliance(create: () => DataSplit | Promise<DataSplit>, classes?: number): Check[] {
  const onBoth = (check: (dataset: Dataset, part: string) => void) => async (): Promise<void> => {
    const { train, test } = await create()
    check(train, 'train')
    check(test, 'test')
  }
  return [
    {
      name: 'has as many features and labels as its rows and shape say',
      run: onBoth((dataset, part) => {
        assert.ok(dataset.rows > 0, `${part} has no rows`)
        assert.ok(dataset.inputShape.length > 0 && dataset.inputShape.every(side => side > 0), `${part} has no shape`)
        assert.is(dataset.features.length, dataset.rows * width(dataset.inputShape), `${part}: features`)
        assert.is(dataset.labels.length, dataset.rows, `${part}: labels`)
      })
    },
    {
      name: 'has one shape for train and test',
      async run() {
        const { train, test } = await create()
        assert.equal(train.inputShape, test.inputShape)
        assert.is(train.scale, test.scale)
      }
    },
    {
      name: 'holds finite features only',
      run: onBoth((dataset, part) => {
        assert.ok(dataset.scale > 0 && Number.isFinite(dataset.scale), `${part}: scale ${dataset.scale}`)
        const unfit = dataset.features.findIndex(feature => !Number.isFinite(feature))
        assert.is(unfit, -1, `${part}: feature ${unfit} is ${dataset.features[unfit]}`)
      })
    },
    {
      name: 'holds labels that are class indices, or finite numbers',
      run: onBoth(({ labels }, part) => {
        const fits = (label: number): boolean =>
          classes === undefined ? Number.isFinite(label) : Number.isInteger(label) && label >= 0 && label < classes
        const unfit = labels.findIndex(label => !fits(label))
        assert.is(unfit, -1, `${part}: label ${unfit} is ${labels[unfit]}`)
      })
    },
    {
      name: 'keeps features and labels where threads share them',
      run: onBoth(({ features, labels }, part) => {
        assert.instance(features.buffer, SharedArrayBuffer, `${part}: features`)
        assert.instance(labels.buffer, SharedArrayBuffer, `${part}: labels`)
      })
    },
    {
      name: 'keeps train and test in buffers of their own',
      async run() {
        const { train, test } = await create()
        const buffers = new Set([train.features, train.labels, test.features, test.labels].map(({ buffer }) => buffer))
        assert.is(buffers.size, 4)
      }
    },
    {
      name: 'gives the same rows when created again',
      async run() {
        const [first, second] = [await create(), await create()]
        for (const part of ['train', 'test'] as const) {
          assert.ok(sameNumbers(first[part].features, second[part].features), `${part}: features differ`)
          assert.ok(sameNumbers(first[part].labels, second[part].labels), `${part}: labels differ`)
        }
      }
    }
  ]
}

function sameNumbers(a: Dataset['features'], b: Dataset['features']): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
}

function bytesOf({ buffer, byteOffset, byteLength }: Dataset['features']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
