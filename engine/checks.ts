import type { Dataset } from '../data/dataset.js'
import { elementCount } from '../learning/parameters.js'
import type { TrainingSettings } from './engine.js'
import { EngineError, ModelMismatchError } from './errors.js'

/** What an engine asks of the data that it is handed. */
export interface Expected {
  readonly inputShape: readonly number[]
  readonly outputs: number
  readonly loss: TrainingSettings['loss']
}

const checked = new WeakMap<Dataset, Expected>()

/**
 * Check width and labels, once for each data set and model.
 *
 * @throws ModelMismatchError when examples have another width than the model's input, or a regression several outputs
 * @throws EngineError when there is no row, or a class index is no output of the model
 */
export function checkData(data: Dataset, expected: Expected): void {
  if (checked.get(data) === expected) return
  if (elementCount(data.inputShape) !== elementCount(expected.inputShape)) {
    throw new ModelMismatchError(
      `the model takes examples of shape [${expected.inputShape.join(', ')}]; ` +
        `the data has [${data.inputShape.join(', ')}]`,
      expected.inputShape,
      data.inputShape
    )
  }
  if (data.rows === 0) throw new EngineError('the data set has no rows; expected at least one')
  if (expected.loss === 'softmax-cross-entropy') checkClasses(data, expected.outputs)
  else if (expected.outputs !== 1) {
    const message = `the model gives ${expected.outputs} outputs; regression needs 1`
    throw new ModelMismatchError(message, [expected.outputs], [1])
  }
  checked.set(data, expected)
}

/** @throws EngineError when an array has another length than the model needs */
export function checkLength(what: string, array: Float32Array, expected: number): void {
  if (array.length !== expected) {
    throw new EngineError(`${what}: ${array.length} numbers given; the model needs ${expected}`)
  }
}

function checkClasses(data: Dataset, outputs: number): void {
  for (let row = 0; row < data.rows; row++) {
    const label = data.labels[row]
    if (!(Number.isInteger(label) && label >= 0 && label < outputs)) {
      throw new EngineError(`row ${row} has label ${label}; the model's classes are 0 to ${outputs - 1}`)
    }
  }
}
