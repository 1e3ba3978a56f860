import { InvalidModelError } from '../errors.js'
import {
  bias,
  GLOROT_NORMAL,
  GLOROT_UNIFORM,
  tensor,
  type Config,
  type Describe,
  type LayerPlan,
  type Shape
} from './describe.js'

type Dimensions = 1 | 2

/** Conv1D and Conv2D. */
export function convolution(dimensions: Dimensions): Describe {
  return (config, shape) => {
    const filters = config.filters as number
    const kernel = pair(config.kernel_size, dimensions)
    return {
      outputShape: [...slide(config, image(shape, dimensions), kernel), filters],
      tensors: [
        tensor('kernel', [...kernel, shape[dimensions], filters], config, GLOROT_NORMAL),
        ...bias(config, filters)
      ]
    }
  }
}

export const depthwiseConvolution: Describe = (config, shape) => {
  const { kernel, multiplier, extents } = depthwise(config, shape)
  const channels = shape[2] * multiplier
  const weights = [...kernel, shape[2], multiplier]
  return {
    outputShape: [...extents, channels],
    tensors: [
      tensor('depthwise_kernel', weights, config, GLOROT_NORMAL, 'depthwise_initializer'),
      ...bias(config, channels)
    ]
  }
}

/** A depthwise convolution, and a pointwise one of what it gives. */
export const separableConvolution: Describe = (config, shape) => {
  const { kernel, multiplier, extents } = depthwise(config, shape)
  const filters = config.filters as number
  const mixed = [1, 1, shape[2] * multiplier, filters]
  return {
    outputShape: [...extents, filters],
    tensors: [
      tensor('depthwise_kernel', [...kernel, shape[2], multiplier], config, GLOROT_UNIFORM, 'depthwise_initializer'),
      tensor('pointwise_kernel', mixed, config, GLOROT_UNIFORM, 'pointwise_initializer'),
      ...bias(config, filters)
    ]
  }
}

/** The largest or the mean of each window. */
export function pooling(dimensions: Dimensions): Describe {
  return (config, shape) => {
    const window = pair(config.pool_size ?? 2, dimensions)
    const moved = { ...config, strides: config.strides ?? window }
    return { outputShape: [...slide(moved, image(shape, dimensions), window), shape[dimensions]], tensors: [] }
  }
}

/** The largest or the mean over all positions. */
export function globalPooling(dimensions: Dimensions): Describe {
  return (_, shape): LayerPlan => ({
    outputShape: [shape.length === dimensions + 1 ? shape[dimensions] : NaN],
    tensors: []
  })
}

export const zeroPadding: Describe = (config, shape) => {
  channelsLast(config)
  const [[top, bottom], [left, right]] = borders(config)
  const [height, width] = image(shape, 2)
  return { outputShape: [height + top + bottom, width + left + right, shape[2]], tensors: [] }
}

/** Rows above and below, columns left and right, from any of the forms in which they are written. */
export function borders({ padding = 1 }: Config): [[number, number], [number, number]] {
  const [vertical, horizontal] = Array.isArray(padding) ? (padding as unknown[]) : [padding]
  const both = (value: unknown) => pair(value, 2) as [number, number]
  return [both(vertical), both(horizontal ?? vertical)]
}

/** A size given once for all directions, or once for each. */
export function pair(value: unknown, length: number): number[] {
  const given = Array.isArray(value) ? (value as number[]) : [value as number]
  return Array.from({ length }, (_, i) => given[given.length === 1 ? 0 : i])
}

function depthwise(config: Config, shape: Shape) {
  const kernel = pair(config.kernel_size, 2)
  const multiplier = (config.depth_multiplier as number | undefined) ?? 1
  return { kernel, multiplier, extents: slide(config, image(shape, 2), kernel) }
}

/** Extents of an image, NaN when there are not so many before the channels. */
function image(shape: Shape, dimensions: Dimensions): Shape {
  return shape.length === dimensions + 1 ? shape.slice(0, dimensions) : Array<number>(dimensions).fill(NaN)
}

/** Positions of a window in each direction. */
function slide(config: Config, extents: Shape, window: readonly number[]): number[] {
  channelsLast(config)
  const strides = pair(config.strides ?? 1, window.length)
  const dilation = pair(config.dilation_rate ?? 1, window.length)
  return extents.map((extent, i) => {
    const covered = config.padding === 'same' ? 1 : (window[i] - 1) * dilation[i] + 1
    return Math.floor((extent - covered) / strides[i]) + 1
  })
}

function channelsLast(config: Config): void {
  if (config.data_format === 'channels_first' || config.data_format === 'channelsFirst') {
    throw new InvalidModelError(`layer "${String(config.name)}" is channels_first; expected channels_last`)
  }
}
