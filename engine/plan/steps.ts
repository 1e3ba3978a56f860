import type { ModelTopology, TrainingSettings } from '../engine.js'
import { FINAL_ACTIVATION } from '../losses.js'
import { readTopology, type ModelGraph } from '../topology.js'
import { activationNamed, cappedRelu, elu, leakyRelu, linear, relu, type Activation } from './activation.js'
import { isRandomDropout } from './dropout.js'
import { embedding } from './embedding.js'
import { kindOf } from './kinds.js'
import type { LayerKind, ModelLayer } from './layer-kind.js'
import { separateActivation } from './separate-activation.js'

/** One step of the compiled plan: a layer, and what is done with its output in place. */
export interface PlanStep {
  readonly kind: LayerKind
  readonly layer: ModelLayer
  readonly activation: Activation
  /** The steps whose outputs it takes; `MODEL_INPUT` for what enters the model. */
  readonly inputs: readonly number[]
}

/** Why the plan cannot train a model. */
export interface Unsupported {
  readonly unsupported: string
}

export const MODEL_INPUT = -1

/** Layers that change nothing but the shape. */
const SHAPES: readonly string[] = ['InputLayer', 'Flatten', 'Reshape']

/**
 * The steps of a model, the last of them giving its output, or why the compiled plan cannot train it. The activation at the end
 * of a classifier is left out: its loss takes logits.
 */
export function planSteps(topology: ModelTopology, loss: TrainingSettings['loss']): readonly PlanStep[] | Unsupported {
  const graph = readTopology(topology)
  const steps: PlanStep[] = []
  /** By layer: the step that gives its output, and whether others take that too. */
  const places: { readonly step: number; readonly isShared: boolean }[] = []
  const uses = countUses(graph)

  for (const [i, layer] of graph.layers.entries()) {
    const inputs = layer.inputs.map(input => places[input].step)
    const sources = inputs.length === 0 ? [MODEL_INPUT] : inputs
    const isFed = layer.inputs.some(input => places[input].isShared)
    const kind = kindOf(layer.class_name)
    let isAlias = true
    if (kind !== undefined && (layer.class_name !== 'Dropout' || isRandomDropout(layer))) {
      if (!kind.accepts(layer) || isPenalised(layer)) return refuse(layer, 'with this configuration')
      if (kind === embedding && sources[0] !== MODEL_INPUT) return refuse(layer, 'behind other layers')
      steps.push({ kind, layer, activation: linear, inputs: sources })
      isAlias = false
    } else if (kind === undefined && !isActivation(layer) && !SHAPES.includes(layer.class_name)) return refuse(layer)

    let step = isAlias ? sources[0] : steps.length - 1
    const name = activationName(layer)
    const isEnd = i === graph.layers.length - 1
    const final = FINAL_ACTIVATION[loss]
    if (isEnd && final !== undefined && ![final, 'linear'].includes(name)) return refuse(layer, `ending in "${name}"`)
    const activation = isEnd && name === final ? linear : activationOf(layer, name)
    if (activation === undefined) return refuse(layer, `with activation "${name}"`)
    if (activation !== linear) {
      const last = step === MODEL_INPUT || (isAlias && isFed) ? undefined : steps[step]
      const isFree = last !== undefined && last.activation === linear && last.kind.keepsOutput !== true
      if (isFree && activation.slope !== undefined) steps[step] = { ...last, activation }
      else {
        const { outputShape } = layer
        const shaped = { ...layer, inputShape: outputShape, inputShapes: [outputShape], tensors: [] }
        steps.push({ kind: separateActivation(activation), layer: shaped, activation: linear, inputs: [step] })
        step = steps.length - 1
        isAlias = false
      }
    }
    places.push({ step, isShared: uses[i] > 1 || (isAlias && isFed) })
  }
  return steps.some(({ layer }) => layer.tensors.length > 0) ? steps : { unsupported: 'a model without parameters' }
}

/** How many layers take the output of each. */
function countUses({ layers }: ModelGraph): number[] {
  const uses = layers.map(() => 0)
  for (const input of layers.flatMap(({ inputs }) => inputs)) uses[input]++
  return uses
}

function refuse({ class_name: name, config }: ModelLayer, how?: string): Unsupported {
  return { unsupported: `layer "${String(config.name)}" (${name})${how === undefined ? '' : ` ${how}`}` }
}

function isPenalised({ config }: ModelLayer): boolean {
  return Object.entries(config).some(
    ([key, value]) => /_(regularizer|constraint)$/.test(key) && (value ?? null) !== null
  )
}

function isActivation({ class_name: name }: ModelLayer): boolean {
  return ['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax'].includes(name)
}

/** As a message names it. A recurrent layer applies its own inside. */
function activationName({ class_name: name, config }: ModelLayer): string {
  if (name === 'Softmax') return 'softmax'
  if (name === 'ReLU') return 'relu'
  if (name === 'LeakyReLU' || name === 'ELU') return name
  if (name === 'GRU' || name === 'LSTM') return 'linear'
  const { activation = 'linear' } = config
  return typeof activation === 'string' ? activation : JSON.stringify(activation ?? 'linear')
}

function activationOf({ class_name: kind, config }: ModelLayer, name: string): Activation | undefined {
  if (kind === 'ReLU') return (config.max_value ?? null) === null ? relu : cappedRelu(config.max_value as number)
  if (kind === 'LeakyReLU') return leakyRelu((config.alpha as number | null | undefined) ?? 0.3)
  if (kind === 'ELU') return elu((config.alpha as number | null | undefined) ?? 1)
  return activationNamed(name)
}
