import type { ModelTopology, TrainingSettings } from './engine.js'
import { readTopology, type SequentialModel } from './topology.js'

export type Activation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softmax'

/** One step of the compiled plan: y = activation(x W + b). */
export interface DenseLayer {
  readonly inputs: number
  readonly units: number
  readonly bias: boolean
  readonly activation: Activation
}

const HIDDEN: readonly unknown[] = ['linear', 'relu', 'tanh', 'sigmoid']
const PENALTIES = [
  'kernel_regularizer',
  'bias_regularizer',
  'activity_regularizer',
  'kernel_constraint',
  'bias_constraint'
]

/**
 * The dense layers of a model, or undefined when the compiled plan does not know it.
 *
 * Known are sequences of Dense, Activation, ReLU, Softmax and Flatten, without regularizers, ending in softmax or
 * logits (classification) or anything but softmax (regression).
 */
export function denseLayers(
  topology: ModelTopology,
  loss: TrainingSettings['loss']
): readonly DenseLayer[] | undefined {
  const layers: DenseLayer[] = []
  for (const layer of readTopology(topology).layers) {
    const last = layers.at(-1)
    if (layer.class_name === 'Dense') {
      if (!isPlain(layer)) return undefined
      const [inputs] = layer.inputShape
      const activation = (layer.config.activation ?? 'linear') as Activation
      layers.push({ inputs, units: layer.outputShape[0], bias: layer.tensors.length === 2, activation })
    } else if (isActivation(layer)) {
      // On its own it would be a second activation of a layer that has one already.
      if (last?.activation !== 'linear') return undefined
      layers[layers.length - 1] = { ...last, activation: activationOf(layer) as Activation }
    } else if (layer.class_name !== 'Flatten' && layer.class_name !== 'InputLayer') {
      return undefined
    }
  }
  const output = layers.pop()
  if (output === undefined || !layers.every(({ activation }) => HIDDEN.includes(activation))) return undefined
  const allowed = loss === 'softmax-cross-entropy' ? ['linear', 'softmax'] : HIDDEN
  return allowed.includes(output.activation) ? [...layers, output] : undefined
}

type Layer = SequentialModel['layers'][number]

function isPlain({ config, inputShape }: Layer): boolean {
  return inputShape.length === 1 && PENALTIES.every(key => (config[key] ?? null) === null)
}

function isActivation({ class_name: name, config }: Layer): boolean {
  if (name === 'ReLU') return (config.max_value ?? null) === null
  return name === 'Activation' || name === 'Softmax'
}

function activationOf({ class_name: name, config }: Layer): unknown {
  return name === 'Activation' ? config.activation : name === 'ReLU' ? 'relu' : 'softmax'
}
