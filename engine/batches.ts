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
      this.#order = shuffle(
        Uint32Array.from({ length: this.#rows }, (_, i) => i),
        this.#rng(epoch)
      )
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

/** Scaled features that are kept beside those of a data set: of 2,675 images of 28 by 28 pixels. */
const maxScaledBytes = 8 * 1024 * 1024

/**
 * Take the rows that are trained on again and again in the form that the model takes: each feature is scaled once, not once an epoch.
 *
 * @returns `data` itself when its features are in that form already, or would take more than 8 MiB
 */
export function scaledOnce(data: Dataset): Dataset {
  const count = data.features.length
  const isScaled = data.features instanceof Float32Array && data.scale === 1
  if (isScaled || count * Float32Array.BYTES_PER_ELEMENT > maxScaledBytes) return data
  const features = new Float32Array(count)
  copyScaled(data, 0, count, features, 0)
  return { ...data, features, scale: 1 }
}

/** Write the scaled features of some rows, one after another, into `features`. */
export function gatherRows(data: Dataset, rows: Uint32Array, features: Float32Array): void {
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

/** Write the scaled features of `count` rows from row `start` on into `features`. */
export function copyRows(data: Dataset, start: number, count: number, features: Float32Array): void {
  const width = elementCount(data.inputShape)
  copyScaled(data, start * width, count * width, features, 0)
}

function copyScaled(data: Dataset, from: number, count: number, target: Float32Array, to: number): void {
  const { features, scale } = data
  if (features instanceof Float32Array && scale === 1) {
    target.set(features.subarray(from, from + count), to)
    return
  }
  for (let i = 0; i < count; i++) target[to + i] = features[from + i] * scale
}
