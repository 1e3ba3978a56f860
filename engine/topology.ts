import { createLayout, elementCount, type Layout } from '../learning/parameters.js'
import { createRng } from '../learning/rng.js'
import type { ModelTopology } from './engine.js'
import { InvalidModelError } from './errors.js'
import { initialize } from './initializers.js'
import { describeLayer, type LayerConfig, type LayerPlan } from './layers.js'

/** A sequential model, read from its topology without tfjs. */
export interface SequentialModel {
  /** Shape of one example. */
  readonly inputShape: readonly number[]
  /** Shape of one example's output. */
  readonly outputShape: readonly number[]
  readonly layers: readonly (LayerConfig & LayerPlan & { readonly inputShape: readonly number[] })[]
}

/**
 * @param topology - as tfjs's `model.toJSON(null, false)` gives it, or Keras's saved form (under `model_config`)
 * @throws InvalidModelError when it is no sequential model, or has a layer that is not known
 */
export function readTopology(topology: ModelTopology): SequentialModel {
  const layers = layerConfigs(topology)
  const inputShape = readInputShape(layers)
  let shape: readonly number[] = inputShape
  const described = layers.map(layer => {
    const entered = shape
    const plan = describeLayer(layer, entered)
    shape = plan.outputShape
    return { ...layer, ...plan, inputShape: entered }
  })
  return { inputShape, outputShape: shape, layers: described }
}

/** @throws InvalidModelError as `readTopology` */
export function modelLayout(topology: ModelTopology): Layout {
  return createLayout(tensorsOf(topology))
}

/** Multiply-adds of a forward pass of one example, or a few more. */
export function forwardOperations(topology: ModelTopology): number {
  const positions = (shape: readonly number[]): number => elementCount(shape.slice(0, -1))
  return readTopology(topology).layers.reduce((sum, { inputShape, outputShape, tensors }) => {
    const parameters = tensors.reduce((size, { shape }) => size + elementCount(shape), 0)
    return sum + parameters * Math.max(positions(inputShape), positions(outputShape))
  }, 0)
}

/** Length of `Engine.statistics`. */
export function statisticsSize(topology: ModelTopology): number {
  return readTopology(topology)
    .layers.filter(layer => layer.class_name === 'BatchNormalization')
    .reduce((size, { inputShape }) => size + 2 * inputShape[inputShape.length - 1], 0)
}

/**
 * What every node of a swarm starts from: the same seed and topology give the same bits.
 *
 * @param seed - the task's
 * @returns length `modelLayout(topology).size`
 */
export function initialParameters(topology: ModelTopology, seed: number | string): Float32Array {
  const tensors = tensorsOf(topology)
  const parameters = new Float32Array(createLayout(tensors).size)
  const rng = createRng(seed).fork('initial-parameters')
  let offset = 0
  tensors.forEach(({ shape, initializer }, index) => {
    const size = elementCount(shape)
    initialize(parameters.subarray(offset, offset + size), shape, initializer, rng.fork(index))
    offset += size
  })
  return parameters
}

/**
 * The same model without the softmax at its end, for a loss that takes logits.
 *
 * @throws InvalidModelError when it ends neither in softmax nor in logits
 */
export function withLogits(topology: ModelTopology): ModelTopology {
  const layers = structuredClone(layerConfigs(topology))
  const { class_name: name, config } = layers[layers.length - 1]
  const activation = name === 'Softmax' ? 'softmax' : (config.activation ?? 'linear')
  if (activation === 'linear') return topology
  if (activation !== 'softmax') {
    const given = JSON.stringify(activation)
    throw new InvalidModelError(`the last layer's activation is ${given}; expected "softmax" to classify`)
  }
  layers[layers.length - 1] = {
    class_name: name === 'Softmax' ? 'Activation' : name,
    config: { ...config, activation: 'linear' }
  }
  return { class_name: 'Sequential', config: { name: 'logits', layers } }
}

function tensorsOf(topology: ModelTopology) {
  return readTopology(topology).layers.flatMap(({ config, tensors }) =>
    tensors.map(tensor => ({ ...tensor, name: `${String(config.name)}/${tensor.name}` }))
  )
}

function layerConfigs(topology: ModelTopology): LayerConfig[] {
  const model = isRecord(topology.model_config) ? topology.model_config : topology
  if (typeof model.class_name !== 'string') {
    throw new InvalidModelError('the topology has no "class_name"; expected a tfjs LayersModel')
  }
  if (model.class_name !== 'Sequential') {
    throw new InvalidModelError(`the model is a "${model.class_name}"; expected a "Sequential"`)
  }
  const layers = isRecord(model.config) ? model.config.layers : model.config
  if (!Array.isArray(layers) || layers.length === 0 || !layers.every(isLayer)) {
    throw new InvalidModelError('the topology has no list of layers; expected "config": {"layers": [...]}')
  }
  return layers
}

function readInputShape(layers: readonly LayerConfig[]): number[] {
  const { batch_input_shape: batched, input_shape: single } = layers[0].config
  const shape: unknown = Array.isArray(batched) ? batched.slice(1) : single
  if (!Array.isArray(shape) || !shape.every(extent => Number.isInteger(extent) && extent > 0)) {
    const given = JSON.stringify(batched ?? single ?? null)
    throw new InvalidModelError(`the first layer's "batch_input_shape" is ${given}; expected [null, 784] or the like`)
  }
  return shape as number[]
}

function isLayer(value: unknown): value is LayerConfig {
  return isRecord(value) && typeof value.class_name === 'string' && isRecord(value.config)
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
