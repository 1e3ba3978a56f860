import { elementCount } from '../learning/parameters.js'
import { InvalidModelError } from './errors.js'
import type { InitializerConfig } from './initializers.js'

/** A layer as a saved topology writes it. */
export interface LayerConfig {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}

/** A trainable tensor of a layer and what it starts as. */
export interface TensorPlan {
  readonly name: string
  readonly shape: readonly number[]
  readonly initializer: InitializerConfig
}

/** What a layer makes of one example. */
export interface LayerPlan {
  readonly outputShape: readonly number[]
  readonly tensors: readonly TensorPlan[]
}

/** What normalisation layers add to a variance, as in Keras and tfjs. */
export const DEFAULT_EPSILON = 1e-3

type Describe = (config: LayerConfig['config'], shape: readonly number[]) => LayerPlan

const GLOROT: InitializerConfig = { class_name: 'GlorotNormal' }
const ZEROS: InitializerConfig = { class_name: 'Zeros' }
const ONES: InitializerConfig = { class_name: 'Ones' }

const unchanged: Describe = (_, shape) => ({ outputShape: shape, tensors: [] })

/** Layers whose parameters can be laid out without loading tfjs. Tensors in the order of tfjs's `trainableWeights`. */
const LAYERS: Readonly<Record<string, Describe>> = {
  InputLayer: unchanged,
  Activation: unchanged,
  ReLU: unchanged,
  Softmax: unchanged,
  Dropout: unchanged,
  Flatten: (_, shape) => ({ outputShape: [elementCount(shape)], tensors: [] }),
  Reshape: config => ({ outputShape: config.target_shape as number[], tensors: [] }),
  Dense: (config, shape) => {
    const units = config.units as number
    const inputs = shape[shape.length - 1]
    return {
      outputShape: [...shape.slice(0, -1), units],
      tensors: [tensor('kernel', [inputs, units], config, GLOROT), ...bias(config, units)]
    }
  },
  Conv1D: (config, shape) => convolution(config, shape, 1),
  Conv2D: (config, shape) => convolution(config, shape, 2),
  DepthwiseConv2D: (config, shape) => {
    channelsLast(config)
    const kernel = pair(config.kernel_size, 2)
    const multiplier = (config.depth_multiplier as number | undefined) ?? 1
    const channels = shape[2] * multiplier
    return {
      outputShape: [...slide(config, shape.slice(0, 2), kernel), channels],
      tensors: [
        tensor('depthwise_kernel', [...kernel, shape[2], multiplier], config, GLOROT, 'depthwise_initializer'),
        ...bias(config, channels)
      ]
    }
  },
  MaxPooling1D: (config, shape) => pooling(config, shape, 1),
  MaxPooling2D: (config, shape) => pooling(config, shape, 2),
  AveragePooling1D: (config, shape) => pooling(config, shape, 1),
  AveragePooling2D: (config, shape) => pooling(config, shape, 2),
  GlobalAveragePooling1D: (_, shape) => ({ outputShape: [shape[1]], tensors: [] }),
  GlobalAveragePooling2D: (_, shape) => ({ outputShape: [shape[2]], tensors: [] }),
  GlobalMaxPooling1D: (_, shape) => ({ outputShape: [shape[1]], tensors: [] }),
  GlobalMaxPooling2D: (_, shape) => ({ outputShape: [shape[2]], tensors: [] }),
  BatchNormalization: normalization,
  GroupNormalization: (config, shape) => {
    const groups = config.groups as number
    const channels = shape[shape.length - 1]
    if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
      const layer = `layer "${String(config.name)}" (GroupNormalization)`
      throw new InvalidModelError(`${layer} has ${groups} groups; expected a divisor of its ${channels} channels`)
    }
    return normalization(config, shape)
  }
}

/**
 * @param shape - of one example, as it enters the layer
 * @throws InvalidModelError when the layer is not one that this project can lay out, or is frozen: its values would be
 * each node's own, as a topology carries none
 */
export function describeLayer({ class_name: name, config }: LayerConfig, shape: readonly number[]): LayerPlan {
  const describe = Object.hasOwn(LAYERS, name) ? LAYERS[name] : undefined
  if (describe === undefined) {
    throw new InvalidModelError(`unknown layer "${name}"; expected one of ${Object.keys(LAYERS).join(', ')}`)
  }
  const plan = describe(config, shape)
  const sizes = [...plan.outputShape, ...plan.tensors.flatMap(each => each.shape)]
  if (!sizes.every(extent => Number.isInteger(extent) && extent > 0)) {
    const layer = `layer "${String(config.name)}" (${name})`
    throw new InvalidModelError(`${layer} cannot take an input of shape [${shape.join(', ')}]`)
  }
  if (config.trainable === false && plan.tensors.length > 0) {
    throw new InvalidModelError(`layer "${String(config.name)}" (${name}) is frozen; expected a trainable layer`)
  }
  return plan
}

function convolution(config: LayerConfig['config'], shape: readonly number[], dimensions: 1 | 2): LayerPlan {
  channelsLast(config)
  const kernel = pair(config.kernel_size, dimensions)
  const filters = config.filters as number
  return {
    outputShape: [...slide(config, shape.slice(0, dimensions), kernel), filters],
    tensors: [tensor('kernel', [...kernel, shape[dimensions], filters], config, GLOROT), ...bias(config, filters)]
  }
}

function pooling(config: LayerConfig['config'], shape: readonly number[], dimensions: 1 | 2): LayerPlan {
  channelsLast(config)
  const window = pair(config.pool_size ?? 2, dimensions)
  const moved = { ...config, strides: config.strides ?? window }
  return { outputShape: [...slide(moved, shape.slice(0, dimensions), window), shape[dimensions]], tensors: [] }
}

function normalization(config: LayerConfig['config'], shape: readonly number[]): LayerPlan {
  const channels = shape[shape.length - 1]
  const tensors: TensorPlan[] = []
  if (config.scale !== false) tensors.push(tensor('gamma', [channels], config, ONES))
  if (config.center !== false) tensors.push(tensor('beta', [channels], config, ZEROS))
  return { outputShape: shape, tensors }
}

/** Positions of a window in each direction. */
function slide(config: LayerConfig['config'], extents: readonly number[], window: readonly number[]): number[] {
  const strides = pair(config.strides ?? 1, window.length)
  const dilation = pair(config.dilation_rate ?? 1, window.length)
  return extents.map((extent, i) => {
    const covered = config.padding === 'same' ? 1 : (window[i] - 1) * dilation[i] + 1
    return Math.floor((extent - covered) / strides[i]) + 1
  })
}

function tensor(
  name: string,
  shape: readonly number[],
  config: LayerConfig['config'],
  otherwise: InitializerConfig,
  key = `${name}_initializer`
): TensorPlan {
  return { name, shape, initializer: (config[key] as InitializerConfig | null | undefined) ?? otherwise }
}

function bias(config: LayerConfig['config'], units: number): TensorPlan[] {
  return config.use_bias === false ? [] : [tensor('bias', [units], config, ZEROS)]
}

/** A size given once for all directions, or once for each. */
export function pair(value: unknown, length: number): number[] {
  const given = Array.isArray(value) ? (value as number[]) : [value as number]
  return Array.from({ length }, (_, i) => given[given.length === 1 ? 0 : i])
}

function channelsLast(config: LayerConfig['config']): void {
  if (config.data_format === 'channels_first' || config.data_format === 'channelsFirst') {
    throw new InvalidModelError(`layer "${String(config.name)}" is channels_first; expected channels_last`)
  }
}
