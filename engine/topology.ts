import { totalmem } from 'node:os'
import { createLayout, elementCount, type Layout } from '../learning/parameters.js'
import { createRng } from '../learning/rng.js'
import type { ModelTopology } from './engine.js'
import { InvalidModelError } from './errors.js'
import { initialize } from './initializers.js'
import { isRecord, readLayers, type GraphLayer } from './layer-graph.js'
import { describeLayer, type LayerConfig, type LayerPlan } from './layers.js'

/** A layer with its shapes and parameters. */
export interface ModelLayer extends GraphLayer, LayerPlan {
  /** Of one example, for each input. */
  readonly inputShapes: readonly (readonly number[])[]
  /** The first of them. */
  readonly inputShape: readonly number[]
}

/** A model with one input and one output, read from its topology without tfjs. */
export interface ModelGraph {
  /** Shape of one example. */
  readonly inputShape: readonly number[]
  /** Shape of one example's output. */
  readonly outputShape: readonly number[]
  /** Each after those that it takes its inputs from; the last gives the output. */
  readonly layers: readonly ModelLayer[]
}

/**
 * @param topology - as tfjs's `model.toJSON(null, false)` gives it, or Keras's saved form (under `model_config`)
 * @throws InvalidModelError when it is no such model, has a layer that is not known, shapes that do not fit each other, or more
 * parameters than this machine's memory holds
 */
export function readTopology(topology: ModelTopology): ModelGraph {
  const graph = readLayers(topology)
  const inputShape = readInputShape(graph)
  const layers: ModelLayer[] = []
  for (const layer of graph) {
    const inputShapes = layer.inputs.length === 0 ? [inputShape] : layer.inputs.map(i => layers[i].outputShape)
    layers.push({ ...layer, ...describeLayer(layer, inputShapes), inputShapes, inputShape: inputShapes[0] })
  }
  checkSize(layers)
  return { inputShape, outputShape: layers[layers.length - 1].outputShape, layers }
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
 * The same model without the activation at its end, for a loss that takes logits.
 *
 * @param final - the activation that the loss includes: `softmax` or `sigmoid`
 * @throws InvalidModelError when it ends neither in that nor in logits
 */
export function withLogits(topology: ModelTopology, final: string): ModelTopology {
  const { class_name: kind, config } = readLayers(topology).at(-1)!
  const activation = kind === 'Softmax' ? 'softmax' : (config.activation ?? 'linear')
  if (activation === 'linear') return topology
  if (activation !== final) {
    const given = JSON.stringify(activation)
    throw new InvalidModelError(`the last layer's activation is ${given}; expected "${final}" for this loss`)
  }
  return changed(topology, layer => {
    if (layer.config.name !== config.name) return
    if (kind === 'Softmax') layer.class_name = 'Activation'
    layer.config = { ...config, activation: 'linear' }
  })
}

/** The same model whose tensors start as zeros, for a caller that sets them: tfjs draws some slowly, others not at all. */
export function withoutInitializers(topology: ModelTopology): ModelTopology {
  return changed(topology, layer => {
    const drawn = Object.keys(layer.config).filter(key => key.endsWith('_initializer') && !key.startsWith('moving_'))
    const zeros = { class_name: 'Zeros', config: {} }
    // Those of a recurrent kernel would be drawn by default, too.
    const recurrent = RECURRENT.includes(layer.class_name)
      ? { recurrent_initializer: zeros, unit_forget_bias: false }
      : {}
    layer.config = { ...layer.config, ...Object.fromEntries(drawn.map(key => [key, zeros])), ...recurrent }
  })
}

const RECURRENT: readonly string[] = ['GRU', 'LSTM']

/** A copy of a topology, its layers changed. */
function changed(topology: ModelTopology, change: (layer: Writable<LayerConfig>) => void): ModelTopology {
  const copy = structuredClone(topology)
  const model = (isRecord(copy.model_config) ? copy.model_config : copy) as { config: unknown }
  const layers = isRecord(model.config) ? model.config.layers : model.config
  for (const layer of layers as Writable<LayerConfig>[]) change(layer)
  return copy
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

function tensorsOf(topology: ModelTopology) {
  return readTopology(topology).layers.flatMap(({ config, tensors }) =>
    tensors.map(tensor => ({ ...tensor, name: `${String(config.name)}/${tensor.name}` }))
  )
}

/** Refuse what could not be held, before anything is allocated for it. */
function checkSize(layers: readonly ModelLayer[]): void {
  const size = layers.flatMap(({ tensors }) => tensors).reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const memory = totalmem()
  if (size * Float32Array.BYTES_PER_ELEMENT > memory) {
    const needed = `${size.toLocaleString('en')} parameters (${gibibytes(4 * size)} GiB)`
    throw new InvalidModelError(`the model has ${needed}; this machine has ${gibibytes(memory)} GiB of memory`)
  }
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1)
}

function readInputShape(layers: readonly GraphLayer[]): number[] {
  const first = layers.find(({ inputs }) => inputs.length === 0) ?? layers[0]
  const { batch_input_shape: batched, input_shape: single } = first.config
  const shape: unknown = Array.isArray(batched) ? batched.slice(1) : single
  if (!Array.isArray(shape) || !shape.every(extent => Number.isInteger(extent) && extent > 0)) {
    const given = JSON.stringify(batched ?? single ?? null)
    throw new InvalidModelError(`the first layer's "batch_input_shape" is ${given}; expected [null, 784] or the like`)
  }
  return shape as number[]
}
