import { pair } from '../layers/windows.js'
import type { ModelLayer } from './layer-kind.js'

/** Floats of columns that a convolution gathers at a time: they stay in a second-level cache. */
const CHUNK_FLOATS = 32_768
const LEAST_CHUNK = 32

/** A window that slides over an image; what has one extent is an image of height 1. */
export interface WindowShape {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly outputHeight: number
  readonly outputWidth: number
  readonly filters: number
  readonly strideY: number
  readonly strideX: number
  readonly top: number
  readonly left: number
  readonly chunk: number
}

/** @param size - of the window in each direction, one or two */
export function windowShape(layer: ModelLayer, size: readonly number[], strides: readonly number[]): WindowShape {
  const { config, inputShape, outputShape } = layer
  const [height, width, channels] = image(inputShape)
  const [outputHeight, outputWidth, filters] = image(outputShape)
  const [kernelHeight, kernelWidth] = size.length === 1 ? [1, size[0]] : size
  const [strideY, strideX] = strides.length === 1 ? [1, strides[0]] : strides
  const same = config.padding === 'same'
  const depth = kernelHeight * kernelWidth * channels
  return {
    height,
    width,
    channels,
    kernelHeight,
    kernelWidth,
    outputHeight,
    outputWidth,
    filters,
    strideY,
    strideX,
    top: same ? paddingBefore(height, kernelHeight, strideY, outputHeight) : 0,
    left: same ? paddingBefore(width, kernelWidth, strideX, outputWidth) : 0,
    chunk: positionsAtATime(depth)
  }
}

/** Outputs whose columns are gathered at a time, of `depth` floats each. */
export function positionsAtATime(depth: number): number {
  return Math.max(LEAST_CHUNK, Math.floor(CHUNK_FLOATS / depth / 4) * 4)
}

/** The window as the kernels read it (`Window` in kernels/window.ts). */
export function encodeWindow(window: WindowShape): Int32Array {
  return Int32Array.of(
    window.height,
    window.width,
    window.channels,
    window.kernelHeight,
    window.kernelWidth,
    window.outputHeight,
    window.outputWidth,
    window.filters,
    window.strideY,
    window.strideX,
    window.top,
    window.left,
    window.chunk
  )
}

/** The window of a convolution of any kind, with the holes of a dilated one. */
export function convolutionWindow(layer: ModelLayer): WindowShape {
  const dimensions = layer.inputShape.length - 1
  const { strides = 1 } = layer.config
  const { taps, dilation } = tapsOf(layer)
  const covered = taps.map((size, i) => (size - 1) * dilation[i] + 1)
  return windowShape(layer, covered, pair(strides, dimensions))
}

/** How many values of the input a convolution takes in each direction, and how far apart they lie. */
export function tapsOf({ inputShape, config }: ModelLayer): { taps: readonly number[]; dilation: readonly number[] } {
  const dimensions = inputShape.length - 1
  return { taps: pair(config.kernel_size, dimensions), dilation: pair(config.dilation_rate ?? 1, dimensions) }
}

/** Whether the padding is one that the kernels know. */
export function isPlainWindow({ config }: ModelLayer): boolean {
  return [undefined, 'valid', 'same'].includes(config.padding as string | undefined)
}

/** As TensorFlow pads: an odd amount has its larger half after the image. */
function paddingBefore(extent: number, kernel: number, stride: number, outputs: number): number {
  return Math.floor(Math.max(0, (outputs - 1) * stride + kernel - extent) / 2)
}

function image(shape: readonly number[]): readonly number[] {
  return shape.length === 2 ? [1, ...shape] : shape.length === 1 ? [1, 1, ...shape] : shape
}
