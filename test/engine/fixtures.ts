import type { Dataset } from '../../data/dataset.js'
import type { ModelTopology, TrainingSettings } from '../../engine/engine.js'
import { createRng } from '../../learning/rng.js'

export const CLASSIFY: TrainingSettings = {
  loss: 'softmax-cross-entropy',
  optimizer: 'sgd',
  learningRate: 0.1,
  momentum: 0.9,
  batchSize: 8
}

export const REGRESS: TrainingSettings = { ...CLASSIFY, loss: 'mean-squared-error', learningRate: 0.02 }

/** Features in [-1, 1); labels are class indices, or a smooth function of the features. */
export function randomDataset(rows: number, width: number, classes?: number, seed = 1): Dataset {
  const rng = createRng(seed)
  const features = Float32Array.from({ length: rows * width }, () => 2 * rng.uniform() - 1)
  const labels = Float32Array.from({ length: rows }, (_, row) =>
    classes === undefined ? Math.sin(3 * features[row * width]) + 2 : rng.integer(classes)
  )
  return { rows, inputShape: [width], features, scale: 1, labels }
}

/** A sequential topology of layers given as [class name, configuration]. */
export function sequential(...layers: [string, Record<string, unknown>][]): ModelTopology {
  const named = layers.map(([name, config], i) => ({ class_name: name, config: { name: `layer_${i}`, ...config } }))
  return { class_name: 'Sequential', config: { name: 'test', layers: named } }
}

/** A functional topology of layers given as [name, class name, configuration, names of its inputs]; the last is the output. */
export function functional(...layers: [string, string, Record<string, unknown>, ...string[]][]): ModelTopology {
  const written = layers.map(([name, kind, config, ...inputs]) => ({
    name,
    class_name: kind,
    config: { name, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map(input => [input, 0, 0, {}])]
  }))
  const ends = { input_layers: [[layers[0][0], 0, 0]], output_layers: [[layers.at(-1)?.[0], 0, 0]] }
  return { class_name: 'Model', config: { name: 'test', layers: written, ...ends } }
}

/** A small convolutional classifier of 6 x 6 x 1 images, with batch normalisation. */
export const CONVOLUTIONAL = sequential(
  ['Conv2D', { filters: 3, kernel_size: [3, 3], padding: 'valid', batch_input_shape: [null, 6, 6, 1] }],
  ['BatchNormalization', { axis: -1 }],
  ['Activation', { activation: 'relu' }],
  ['MaxPooling2D', { pool_size: [2, 2], strides: [2, 2], padding: 'valid' }],
  ['Flatten', {}],
  ['Dense', { units: 2, activation: 'softmax' }]
)

/** The same with a penalty on its weights, which only tfjs knows. */
export const PENALISED = penalised(CONVOLUTIONAL)

function penalised(topology: ModelTopology): ModelTopology {
  const copy = structuredClone(topology) as { config: { layers: { config: Record<string, unknown> }[] } }
  copy.config.layers[0].config.kernel_regularizer = { class_name: 'L1L2', config: { l1: 0, l2: 1e-3 } }
  return copy
}

/** Wait for what should be refused. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}
