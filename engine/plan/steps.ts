import type { ModelTopology, TrainingSettings } from '../engine.js'
import { readTopology } from '../topology.js'
import type { Activation } from './activation.js'
import { batchNormalization } from './batch-normalization.js'
import { convolution } from './convolution.js'
import { dense } from './dense.js'
import { depthwise } from './depthwise.js'
import { groupNormalization } from './group-normalization.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'
import { averagePooling, globalAveragePooling, globalMaxPooling, maxPooling } from './pooling.js'

/** One step of the compiled plan: a layer, and what is done with its output in place. */
export interface PlanStep {
  readonly kind: LayerKind
  readonly layer: ModelLayer
  readonly activation: Activation
}

/** Why the plan cannot train a model. */
export interface Unsupported {
  readonly unsupported: string
}

const KINDS: Readonly<Record<string, LayerKind>> = {
  Dense: dense,
  Conv1D: convolution,
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  MaxPooling1D: maxPooling,
  MaxPooling2D: maxPooling,
  AveragePooling1D: averagePooling,
  AveragePooling2D: averagePooling,
  GlobalMaxPooling1D: globalMaxPooling,
  GlobalMaxPooling2D: globalMaxPooling,
  GlobalAveragePooling1D: globalAveragePooling,
  GlobalAveragePooling2D: globalAveragePooling,
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization
}

/** Layers that change nothing but the shape. */
const SHAPES: readonly string[] = ['InputLayer', 'Flatten', 'Reshape']
const ACTIVATIONS: readonly unknown[] = ['linear', 'relu', 'tanh', 'sigmoid']

/**
 * The steps of a model, or why the compiled plan cannot train it. The softmax at the end of a classifier is left out: its loss
 * takes logits.
 */
export function planSteps(topology: ModelTopology, loss: TrainingSettings['loss']): readonly PlanStep[] | Unsupported {
  const steps: (Omit<PlanStep, 'activation'> & { activation: unknown })[] = []
  for (const layer of readTopology(topology).layers) {
    const name = layer.class_name
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
    const last = steps.at(-1)
    if (kind !== undefined) {
      if (!kind.accepts(layer) || isPenalised(layer)) return refuse(layer, 'with this configuration')
      steps.push({ kind, layer, activation: layer.config.activation ?? 'linear' })
    } else if (isActivation(layer)) {
      // On its own it would be a second activation of a layer that has one already.
      if (last?.activation !== 'linear') return refuse(layer, 'where it is')
      last.activation = activationOf(layer)
    } else if (!SHAPES.includes(name)) return refuse(layer)
  }
  const output = steps.at(-1)
  if (output === undefined) return { unsupported: 'a model without parameters' }
  if (loss === 'softmax-cross-entropy') {
    if (output.activation === 'softmax') output.activation = 'linear'
    else if (output.activation !== 'linear') return refuse(output.layer, `ending in "${String(output.activation)}"`)
  }
  const unknown = steps.find(({ activation }) => !ACTIVATIONS.includes(activation))
  return unknown === undefined
    ? (steps as PlanStep[])
    : refuse(unknown.layer, `with activation "${String(unknown.activation)}"`)
}

function refuse({ class_name: name, config }: ModelLayer, how?: string): Unsupported {
  return { unsupported: `layer "${String(config.name)}" (${name})${how === undefined ? '' : ` ${how}`}` }
}

function isPenalised({ config }: ModelLayer): boolean {
  return Object.entries(config).some(
    ([key, value]) => /_(regularizer|constraint)$/.test(key) && (value ?? null) !== null
  )
}

function isActivation({ class_name: name, config }: ModelLayer): boolean {
  if (name === 'ReLU') return (config.max_value ?? null) === null
  return name === 'Activation' || name === 'Softmax'
}

function activationOf({ class_name: name, config }: ModelLayer): unknown {
  return name === 'Activation' ? config.activation : name === 'ReLU' ? 'relu' : 'softmax'
}
