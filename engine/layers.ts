import { InvalidModelError } from './errors.js'
import { bias, GLOROT_NORMAL, isSet, ONES, tensor, ZEROS } from './layers/describe.js'
import type { Config, Describe, LayerPlan, Shape, TensorPlan } from './layers/describe.js'
import { gru, lstm } from './layers/recurrent.js'
import { add, concatenate, flatten, reshape, unchanged } from './layers/shapes.js'
import {
  convolution,
  depthwiseConvolution,
  globalPooling,
  pooling,
  separableConvolution,
  zeroPadding
} from './layers/windows.js'

export type { LayerPlan } from './layers/describe.js'

/** A layer as a saved topology writes it. */
export interface LayerConfig {
  readonly class_name: string
  readonly config: Config
}

/** What normalisation layers add to a variance, as in Keras and tfjs. */
export const DEFAULT_EPSILON = 1e-3

/** Layers whose parameters can be laid out without loading tfjs. Tensors in the order of tfjs's `trainableWeights`. */
const LAYERS: Readonly<Record<string, Describe>> = {
  InputLayer: unchanged,
  Activation: unchanged,
  ReLU: unchanged,
  LeakyReLU: unchanged,
  ELU: unchanged,
  Softmax: unchanged,
  Dropout: unchanged,
  Flatten: flatten,
  Reshape: reshape,
  Add: add,
  Concatenate: concatenate,
  Dense: (config, shape) => {
    const units = config.units as number
    const inputs = shape[shape.length - 1]
    return {
      outputShape: [...shape.slice(0, -1), units],
      tensors: [tensor('kernel', [inputs, units], config, GLOROT_NORMAL), ...bias(config, units)]
    }
  },
  Embedding: (config, shape) => {
    if (isSet(config.mask_zero)) throw new InvalidModelError(`${titled(config)} masks zeros; expected no "mask_zero"`)
    const [words, width] = [config.input_dim as number, config.output_dim as number]
    const uniform = { class_name: 'RandomUniform' }
    return { outputShape: [...shape, width], tensors: [tensor('embeddings', [words, width], config, uniform)] }
  },
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  DepthwiseConv2D: depthwiseConvolution,
  SeparableConv2D: separableConvolution,
  ZeroPadding2D: zeroPadding,
  MaxPooling1D: pooling(1),
  MaxPooling2D: pooling(2),
  AveragePooling1D: pooling(1),
  AveragePooling2D: pooling(2),
  GlobalAveragePooling1D: globalPooling(1),
  GlobalAveragePooling2D: globalPooling(2),
  GlobalMaxPooling1D: globalPooling(1),
  GlobalMaxPooling2D: globalPooling(2),
  BatchNormalization: normalization,
  LayerNormalization: normalization,
  GroupNormalization: (config, shape) => {
    const groups = config.groups as number
    const channels = shape[shape.length - 1]
    if (!(Number.isInteger(groups) && groups > 0 && channels % groups === 0)) {
      const found = `${titled(config)} (GroupNormalization) has ${groups} groups`
      throw new InvalidModelError(`${found}; expected a divisor of its ${channels} channels`)
    }
    return normalization(config, shape)
  },
  GRU: gru,
  LSTM: lstm
}

/** Layers that take several inputs. */
const MERGING: readonly string[] = ['Add', 'Concatenate']

/**
 * @param shapes - of one example, for each input of the layer
 * @throws InvalidModelError when the layer is not one that this project can lay out, cannot take such inputs, or is frozen: its
 * values would be each node's own, as a topology carries none
 */
export function describeLayer({ class_name: name, config }: LayerConfig, shapes: readonly Shape[]): LayerPlan {
  const describe = Object.hasOwn(LAYERS, name) ? LAYERS[name] : undefined
  if (describe === undefined) {
    throw new InvalidModelError(`unknown layer "${name}"; expected one of ${Object.keys(LAYERS).join(', ')}`)
  }
  const layer = `${titled(config)} (${name})`
  if (shapes.length !== 1 && !MERGING.includes(name)) {
    throw new InvalidModelError(`${layer} takes ${shapes.length} inputs; expected 1`)
  }
  const plan = describe(config, shapes[0], shapes)
  const sizes = [...plan.outputShape, ...plan.tensors.flatMap(each => each.shape)]
  if (!sizes.every(extent => Number.isInteger(extent) && extent > 0)) {
    throw new InvalidModelError(`${layer} cannot take an input of shape [${shapes[0].join(', ')}]`)
  }
  if (config.trainable === false && plan.tensors.length > 0) {
    throw new InvalidModelError(`${layer} is frozen; expected a trainable layer`)
  }
  return plan
}

function normalization(config: Config, shape: Shape): LayerPlan {
  const channels = shape[shape.length - 1]
  const tensors: TensorPlan[] = []
  if (config.scale !== false) tensors.push(tensor('gamma', [channels], config, ONES))
  if (config.center !== false) tensors.push(tensor('beta', [channels], config, ZEROS))
  return { outputShape: shape, tensors }
}

function titled(config: Config): string {
  return `layer "${String(config.name)}"`
}
