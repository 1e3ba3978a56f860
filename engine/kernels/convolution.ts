import { gatherColumns, scatterColumns } from './columns'
import { gemm } from './gemm'
import { Window } from './window'

// A convolution is a product of matrices: each output position sees a row of kernelHeight x kernelWidth x channels
// values, and the filters are as many columns. The rows are gathered a chunk at a time, so that they stay in the cache.

/**
 * y = x * filter, then plus a bias, then relu; images and filters channels-last.
 *
 * @param rows - images
 * @param bias - address of a float a filter, or 0
 * @param scratch - room for chunk x depth floats and what `gemm` needs for them
 */
export function convolve(
  window: Window, rows: i32, x: usize, filter: usize, bias: usize, y: usize, relu: bool, scratch: usize
): void {
  const depth = depthOf(window)
  const filters = window.filters
  const outputs = rows * window.outputHeight * window.outputWidth
  const rest = scratch + (<usize>(window.chunk * depth) << 2)
  for (let first = 0; first < outputs; first += window.chunk) {
    const count = min(window.chunk, outputs - first)
    const columns = columnsOf(window, x, first, count, scratch)
    gemm(count, filters, depth, columns, depth, 1, filter, filters, 1, at(y, first, filters), bias, relu, false, rest)
  }
}

/** filterGradient = x^T * yGradient, summed over images and positions. */
export function convolveFilterGradient(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize, scratch: usize
): void {
  const depth = depthOf(window)
  const filters = window.filters
  const outputs = rows * window.outputHeight * window.outputWidth
  const rest = scratch + (<usize>(window.chunk * depth) << 2)
  for (let first = 0; first < outputs; first += window.chunk) {
    const count = min(window.chunk, outputs - first)
    const columns = columnsOf(window, x, first, count, scratch)
    const gradient = at(yGradient, first, filters)
    gemm(depth, filters, count, columns, 1, depth, gradient, filters, 1, filterGradient, 0, false, first > 0, rest)
  }
}

/** xGradient = yGradient * filter^T, each window added where it was taken from. */
export function convolveInputGradient(
  window: Window, rows: i32, yGradient: usize, filter: usize, xGradient: usize, scratch: usize
): void {
  const depth = depthOf(window)
  const filters = window.filters
  const outputs = rows * window.outputHeight * window.outputWidth
  const rest = scratch + (<usize>(window.chunk * depth) << 2)
  const pointwise = isPointwise(window)
  if (!pointwise) memory.fill(xGradient, 0, <usize>(rows * window.height * window.width * window.channels) << 2)
  for (let first = 0; first < outputs; first += window.chunk) {
    const count = min(window.chunk, outputs - first)
    const gradient = at(yGradient, first, filters)
    const columns = pointwise ? at(xGradient, first, depth) : scratch
    gemm(count, depth, filters, gradient, filters, 1, filter, 1, filters, columns, 0, false, false, rest)
    if (!pointwise) scatterColumns(window, columns, first, count, xGradient)
  }
}

/** The columns of some outputs: the image itself where a window is one pixel. */
function columnsOf(window: Window, x: usize, first: i32, count: i32, columns: usize): usize {
  if (isPointwise(window)) return at(x, first, window.channels)
  gatherColumns(window, x, first, count, columns)
  return columns
}

function isPointwise(window: Window): bool {
  return window.kernelHeight == 1 && window.kernelWidth == 1 && window.strideY == 1 && window.strideX == 1
}

// @ts-ignore: decorator
@inline
function depthOf(window: Window): i32 {
  return window.kernelHeight * window.kernelWidth * window.channels
}

// @ts-ignore: decorator
@inline
function at(matrix: usize, row: i32, columns: i32): usize {
  return matrix + (<usize>(row * columns) << 2)
}
