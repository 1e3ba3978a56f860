import { readFile } from 'node:fs/promises'
import { UnknownNameError } from '../learning/errors.js'
import { elementCount } from '../learning/parameters.js'
import type { ModelTopology, TrainingSettings } from './engine.js'
import { InvalidModelError, ModelMismatchError } from './errors.js'
import { FINAL_ACTIVATION } from './losses.js'
import { isRecord } from './layer-graph.js'
import { addAutoencoder } from './models/autoencoder.js'
import { addConv1d, addDsCnn, addLenet, addMobilenet, addResnet8 } from './models/convolutional.js'
import { LayerList } from './models/layer-configs.js'
import { addFlatten, addMlp } from './models/mlp.js'
import { addGru } from './models/recurrent.js'
import { readTopology } from './topology.js'

type AddLayers = (list: LayerList, inputShape: readonly number[], option: string | undefined) => void

/** What stands before the output layer, by the model's name. */
const MODELS: Readonly<Record<string, AddLayers>> = {
  softmax: addFlatten,
  mlp: addMlp,
  lenet: addLenet,
  'ds-cnn': addDsCnn,
  'mobilenet-v1-0.25': addMobilenet,
  resnet8: addResnet8,
  autoencoder: addAutoencoder,
  conv1d: addConv1d,
  gru: addGru
}

/** Those that take an option after a colon. */
const WITH_OPTION: readonly string[] = [
  'mlp:64,32',
  ...['ds-cnn:batch', 'mobilenet-v1-0.25:batch', 'resnet8:batch', 'autoencoder:batch']
]

/** Those that take images as images, not as pixels in a row. */
const OF_IMAGES: readonly string[] = ['lenet', 'ds-cnn', 'mobilenet-v1-0.25', 'resnet8']

/** Built-in models, as a task names them. */
export const MODEL_NAMES: readonly string[] = [...Object.keys(MODELS), ...WITH_OPTION]

/**
 * The topology of a built-in model: its layers, and an output layer for the loss.
 *
 * @param spec - one of `MODEL_NAMES`, whose doc comments in `models/` tell shapes, sizes and sources; `mlp` may be followed by
 * hidden sizes, the models with normalisation by `:batch`
 * @param inputShape - of one example
 * @param outputs - number of classes, or of targets
 * @throws UnknownNameError when no built-in model has this name
 * @throws InvalidModelError when the option is none of the model's, or the model does not take such examples
 */
export function buildModel(
  spec: string,
  inputShape: readonly number[],
  outputs: number,
  loss: TrainingSettings['loss']
): ModelTopology {
  const [name, option] = spec.split(/:(.*)/s)
  const takesOption = option === undefined || WITH_OPTION.some(known => known.startsWith(`${name}:`))
  if (!Object.hasOwn(MODELS, name) || !takesOption) throw new UnknownNameError('model', spec, MODEL_NAMES)
  const list = new LayerList()
  MODELS[name](list, inputShape, option)
  return list.output(outputs, FINAL_ACTIVATION[loss] ?? 'linear').topology(inputShape)
}

/** Whether a built-in model is trained to give its own input back, and has as many outputs as inputs. */
export function reconstructs(model: string): boolean {
  return model.split(':')[0] === 'autoencoder'
}

/** Whether a model, built-in or one's own, takes images as images rather than as pixels in a row. */
export function takesImages(model: string | ModelTopology): boolean {
  return typeof model === 'string' ? OF_IMAGES.includes(model.split(':')[0]) : readTopology(model).inputShape.length > 1
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

function withoutOnes(shape: readonly number[]): string {
  return shape.filter(extent => extent !== 1).join('x')
}
