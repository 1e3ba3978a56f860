import type { Dataset } from '../data/dataset.js'
import { allFinite, elementCount, type Layout } from '../learning/parameters.js'
import type { TrainingSettings } from './engine.js'
import { EngineError, ModelMismatchError } from './errors.js'
import { labelWidth } from './losses.js'
import type { ModelGraph } from './topology.js'

/** What an engine asks of the data that it is handed. */
export interface Expected {
  readonly inputShape: readonly number[]
  readonly outputs: number
  readonly loss: TrainingSettings['loss']
  readonly target: 'label' | 'input'
  /** Features are whole numbers below this, as they stand for words; undefined: any numbers. */
  readonly words: number | undefined
}

/** @throws ModelMismatchError when the model should give its own input back and has not as many outputs */
export function expectedOf({ inputShape, outputShape, layers }: ModelGraph, training: TrainingSettings): Expected {
  const { loss, target = 'label' } = training
  const [inputs, outputs] = [elementCount(inputShape), elementCount(outputShape)]
  if (target === 'input' && inputs !== outputs) {
    const message = `the model gives ${outputs} outputs; as its target is its input it needs ${inputs}`
    throw new ModelMismatchError(message, [outputs], [inputs])
  }
  const words = layers.find(layer => layer.class_name === 'Embedding')?.config.input_dim as number | undefined
  return { inputShape, outputs, loss, target, words }
}

const checked = new WeakMap<Dataset, Expected>()

/**
 * Check width and labels, once for each data set and model.
 *
 * @throws ModelMismatchError when examples have another width than the model's input, or labels than its output
 * @throws EngineError when there is no row, a class index is no output of the model, or a word not in its table
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
  if (expected.target === 'label') checkLabels(data, expected)
  if (expected.words !== undefined) checkWords(data, expected.words)
  checked.set(data, expected)
}

/** @throws EngineError when an array has another length than the model needs */
export function checkLength(what: string, array: Float32Array, expected: number): void {
  if (array.length !== expected) {
    throw new EngineError(`${what}: ${array.length} numbers given; the model needs ${expected}`)
  }
}

/** @throws EngineError naming the first tensor that holds a number that is not finite, and how many do */
export function checkFinite(parameters: Float32Array, { tensors }: Layout): void {
  if (allFinite(parameters)) return
  const bad = parameters.reduce((count, value) => count + Number(!Number.isFinite(value)), 0)
  let offset = 0
  for (const { name, shape } of tensors) {
    const values = parameters.subarray(offset, (offset += elementCount(shape)))
    if (allFinite(values)) continue
    const first = values.find(value => !Number.isFinite(value))
    throw new EngineError(
      `${bad} of ${parameters.length} parameters are not finite: tensor "${name}" holds ${first}; expected finite numbers`
    )
  }
}

function checkLabels(data: Dataset, { loss, outputs }: Expected): void {
  const width = labelWidth(loss, outputs)
  if (data.labels.length !== data.rows * width) {
    const given = data.labels.length / data.rows
    const message = `the model gives ${outputs} outputs; the data has ${given} ${given === 1 ? 'target' : 'targets'} a row`
    throw new ModelMismatchError(message, [outputs], [given])
  }
  if (loss !== 'mean-squared-error')
    checkClasses(data, loss === 'sigmoid-cross-entropy' ? Math.max(2, outputs) : outputs)
}

function checkClasses(data: Dataset, classes: number): void {
  for (let row = 0; row < data.rows; row++) {
    const label = data.labels[row]
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new EngineError(`row ${row} has label ${label}; the model's classes are 0 to ${classes - 1}`)
    }
  }
}

function checkWords({ features, scale, inputShape }: Dataset, words: number): void {
  const width = elementCount(inputShape)
  for (let i = 0; i < features.length; i++) {
    const word = features[i] * scale
    if (!(Number.isInteger(word) && word >= 0 && word < words)) {
      const found = `row ${Math.floor(i / width)} has the number ${word}`
      throw new EngineError(`${found}; the model's embedding takes whole numbers from 0 to ${words - 1}`)
    }
  }
}
