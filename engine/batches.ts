import type { Dataset } from '../data/dataset.js'
import { elementCount } from '../learning/parameters.js'
import { createRng, shuffle } from '../learning/rng.js'
import { EngineError } from './errors.js'

/** Which rows each step of a node trains on. The rule is that of `Engine.train`. */
export class Batches {
  readonly #rows: number
  readonly #seed: number
  /** Rows in every batch: the batch size, or the data set when that is smaller. */
  readonly size: number
  readonly perEpoch: number
  #epoch = -1
  #order = new Uint32Array(0)

  /** @throws EngineError when there is no row */
  constructor(rows: number, batchSize: number, seed: number) {
    if (rows === 0) throw new EngineError('the training data has no rows; expected at least one')
    this.#rows = rows
    this.#seed = seed
    this.size = Math.min(batchSize, rows)
    this.perEpoch = Math.floor(rows / this.size)
  }

  /** @returns row numbers of the batch of a step; valid until the next call */
  at(step: number): Uint32Array {
    const epoch = Math.floor(step / this.perEpoch)
    if (epoch !== this.#epoch) {
      const order = new Uint32Array(this.#rows)
      for (let row = 0; row < order.length; row++) order[row] = row
      this.#order = shuffle(order, this.#rng(epoch))
      this.#epoch = epoch
    }
    const start = (step % this.perEpoch) * this.size
    return this.#order.subarray(start, start + this.size)
  }

  /** Whether this is the batching of these settings, so that it can be kept. */
  matches(rows: number, seed: number): boolean {
    return rows === this.#rows && seed === this.#seed
  }

  #rng(epoch: number) {
    return createRng(this.#seed).fork('epoch').fork(epoch)
  }
}

/**
 * Write the scaled features of some rows, one after another, into `features`.
 *
 * @param features - bytes only for bytes that are not scaled
 */
export function gatherRows(data: Dataset, rows: Uint32Array, features: Dataset['features']): void {
  const width = elementCount(data.inputShape)
  for (let i = 0; i < rows.length; i++) copyScaled(data, rows[i] * width, width, features, i * width)
}

/**
 * Write the labels of some rows, one after another, into `labels`.
 *
 * @param width - numbers in a label
 */
export function gatherLabels(data: Dataset, rows: Uint32Array, width: number, labels: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < width; j++) labels[i * width + j] = data.labels[rows[i] * width + j]
  }
}

/** Write the scaled features of `count` rows from row `start` on into `features`, which are as in `gatherRows`. */
export function copyRows(data: Dataset, start: number, count: number, features: Dataset['features']): void {
  const width = elementCount(data.inputShape)
  copyScaled(data, start * width, count * width, features, 0)
}

function copyScaled(data: Dataset, from: number, count: number, target: Dataset['features'], to: number): void {
  const { features, scale } = data
  if (scale === 1) {
    target.set(features.subarray(from, from + count), to)
    return
  }
  for (let i = 0; i < count; i++) target[to + i] = features[from + i] * scale
}
