import { readFile } from 'node:fs/promises'
import { UnknownNameError } from '../learning/errors.js'
import { elementCount } from '../learning/parameters.js'
import type { ModelTopology, TrainingSettings } from './engine.js'
import { InvalidModelError, ModelMismatchError } from './errors.js'
import { isRecord, readTopology } from './topology.js'

/** Units of the hidden layer of `mlp` without sizes. */
export const DEFAULT_HIDDEN: readonly number[] = [128]

/** Built-in models, as a task names them. */
export const MODEL_NAMES: readonly string[] = ['softmax', 'mlp', 'mlp:64,32']

/**
 * The topology of a built-in model.
 *
 * @param spec - `softmax` (no hidden layer), `mlp` (one hidden layer of 128 relu units), or `mlp:64,32` (hidden sizes)
 * @param inputShape - of one example; flattened when it has more than one extent
 * @param outputs - number of classes, or of targets
 * @throws UnknownNameError when no built-in model has this name
 * @throws InvalidModelError when the hidden sizes are no whole numbers above zero
 */
export function buildModel(
  spec: string,
  inputShape: readonly number[],
  outputs: number,
  loss: TrainingSettings['loss']
): ModelTopology {
  const hidden = hiddenSizes(spec)
  const input = { batch_input_shape: [null, ...inputShape], dtype: 'float32' }
  const layers = inputShape.length === 1 ? [] : [layer('Flatten', 'flatten', input)]
  const first = layers.length === 0 ? input : {}
  hidden.forEach((units, i) => {
    layers.push(dense(`hidden_${i + 1}`, units, 'relu', i === 0 ? first : {}))
  })
  const activation = loss === 'softmax-cross-entropy' ? 'softmax' : 'linear'
  layers.push(dense('output', outputs, activation, hidden.length === 0 ? first : {}))
  return { class_name: 'Sequential', config: { name: 'sequential', layers } }
}

/**
 * Read the topology of a model that tfjs saved.
 *
 * @param path - a `model.json`; its weights are not read
 * @throws InvalidModelError when the file cannot be read or holds no LayersModel
 */
export async function loadModelFile(path: string): Promise<ModelTopology> {
  let file: unknown
  try {
    file = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const found =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : `no JSON: ${(cause as Error).message}`
    throw new InvalidModelError(`${path}: ${found}; expected a model.json saved by tfjs. Check the path.`, { cause })
  }
  if (!isRecord(file) || !isRecord(file.modelTopology)) {
    const format = isRecord(file) && typeof file.format === 'string' ? ` (its format is "${file.format}")` : ''
    const expected = 'expected a model.json saved by a tfjs LayersModel'
    throw new InvalidModelError(`${path} has no "modelTopology"${format}; ${expected}`)
  }
  try {
    readTopology(file.modelTopology)
  } catch (cause) {
    if (!(cause instanceof InvalidModelError)) throw cause
    throw new InvalidModelError(`${path}: ${cause.message}`, { cause })
  }
  return file.modelTopology
}

/**
 * @param outputs - classes or targets in the data
 * @throws ModelMismatchError naming what the model takes or gives and what the data has
 */
export function checkModelFits(topology: ModelTopology, inputShape: readonly number[], outputs: number): void {
  const model = readTopology(topology)
  const flat = model.inputShape.length === 1 || inputShape.length === 1
  const same = flat
    ? elementCount(model.inputShape) === elementCount(inputShape)
    : withoutOnes(model.inputShape) === withoutOnes(inputShape)
  if (!same) {
    throw new ModelMismatchError(
      `the model takes examples of shape [${model.inputShape.join(', ')}]; the data has [${inputShape.join(', ')}]. ` +
        'Change the model, or how the data is read.',
      model.inputShape,
      inputShape
    )
  }
  if (elementCount(model.outputShape) !== outputs) {
    throw new ModelMismatchError(
      `the model gives ${elementCount(model.outputShape)} outputs; the data needs ${outputs}. ` +
        'Set the units of the last layer to the number of labels.',
      model.outputShape,
      [outputs]
    )
  }
}

function hiddenSizes(spec: string): readonly number[] {
  if (spec === 'softmax') return []
  if (spec === 'mlp') return DEFAULT_HIDDEN
  if (!spec.startsWith('mlp:')) throw new UnknownNameError('model', spec, MODEL_NAMES)
  const sizes = spec.slice('mlp:'.length).split(',').map(Number)
  if (!sizes.every(size => Number.isInteger(size) && size > 0)) {
    throw new InvalidModelError(`model "${spec}" has a hidden size that is no whole number above 0; expected mlp:64,32`)
  }
  return sizes
}

function dense(
  name: string,
  units: number,
  activation: string,
  input: Record<string, unknown>
): Record<string, unknown> {
  return layer('Dense', name, {
    ...input,
    units,
    activation,
    use_bias: true,
    kernel_initializer: {
      class_name: 'VarianceScaling',
      config: { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null }
    },
    bias_initializer: { class_name: 'Zeros', config: {} }
  })
}

function layer(className: string, name: string, config: Record<string, unknown>): Record<string, unknown> {
  return { class_name: className, config: { name, trainable: true, ...config } }
}

function withoutOnes(shape: readonly number[]): string {
  return shape.filter(extent => extent !== 1).join('x')
}
