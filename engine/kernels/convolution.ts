import { gatherColumns, scatterColumns } from './columns'
import { at, gemm, packStrips } from './gemm'
import { packStrip } from './pack'
import { copyImage } from './padding'
import { multiplyPositions } from './positions'
import { EDGE_FLOATS, TILE_COLUMNS, multiplyRows, stripFloats } from './tile'
import { Window } from './window'
import { convolveByPoints, gradientsByPoints } from './winograd'

// A convolution is a product of matrices: each output position sees a row of kernelHeight x kernelWidth x channels
// values, and the filters are as many columns. The rows are read where they lie in their image, or in a copy of it with
// zeros around; only where a line of the window is less than one vector are they gathered first.

/** Floats in a line of a window from which on it is read in place. */
const LEAST_LINE: i32 = 4
/** Positions summed at a time in the gradient of the filter. */
const BLOCK_POSITIONS: i32 = 256

/**
 * y = x * filter, then plus a bias, then relu; images and filters channels-last.
 *
 * @param rows - images
 * @param bias - address of a float a filter, or 0
 * @param scratch - `convolutionScratch` in kernel-memory.ts tells how much
 */
export function convolve(
  window: Window, rows: i32, x: usize, filter: usize, bias: usize, y: usize, relu: bool, scratch: usize
): void {
  const filters = window.filters
  const depth = window.depth
  const positions = window.outputHeight * window.outputWidth
  if (window.isPointwise) {
    gemm(rows * positions, filters, depth, x, depth, 1, filter, filters, 1, y, bias, relu, false, scratch)
    return
  }
  if (window.goesByPoints) {
    convolveByPoints(window, rows, x, filter, bias, y, relu, scratch)
    return
  }
  const packed = at(scratch, EDGE_FLOATS)
  packStrips(filter, 1, filters, filters, depth, packed)
  const rest = at(packed, depth * stripFloats(filters))
  if (window.kernelWidth * window.channels < LEAST_LINE) {
    for (let first = 0; first < rows * positions; first += window.chunk) {
      const count = min(window.chunk, rows * positions - first)
      gatherColumns(window, x, first, count, rest)
      multiplyPositions(count, 1, 1, depth, 0, depth, 0, rest, packed, filters, bias, at(y, first * filters), relu, false, scratch)
    }
    return
  }
  const line = window.kernelWidth * window.channels
  const pitch = window.paddedWidth * window.channels
  for (let image = 0; image < rows; image++) {
    multiplyPositions(
      window.outputWidth, window.outputHeight, window.kernelHeight, line, pitch - line,
      window.strideX * window.channels, window.strideY * pitch,
      padded(window, x, image, rest), packed, filters, bias, at(y, image * positions * filters), relu, false, scratch
    )
  }
}

/**
 * filterGradient = x^T * yGradient, summed over images and positions; xGradient = yGradient * filter^T, each window added where
 * it was taken from.
 *
 * @param filterGradient - 0: not wanted
 * @param xGradient - 0: not wanted
 */
export function convolveGradients(
  window: Window, rows: i32, x: usize, yGradient: usize, filter: usize, filterGradient: usize, xGradient: usize, scratch: usize
): void {
  if (window.goesByPoints) {
    gradientsByPoints(window, rows, x, yGradient, filter, filterGradient, xGradient, scratch)
    return
  }
  if (filterGradient) convolveFilterGradient(window, rows, x, yGradient, filterGradient, scratch)
  if (xGradient) convolveInputGradient(window, rows, yGradient, filter, xGradient, scratch)
}

function convolveFilterGradient(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const depth = window.depth
  const positions = window.outputHeight * window.outputWidth
  if (window.isPointwise) {
    gemm(
      depth, filters, rows * positions, x, 1, depth, yGradient, filters, 1, filterGradient, 0, false, false, scratch
    )
    return
  }
  const packed = at(scratch, EDGE_FLOATS)
  const lines = max(1, BLOCK_POSITIONS / window.outputWidth)
  const rest = at(packed, lines * window.outputWidth * stripFloats(filters))
  memory.fill(filterGradient, 0, <usize>(depth * filters) << 2)
  for (let image = 0; image < rows; image++) {
    const source = padded(window, x, image, rest)
    for (let oy = 0; oy < window.outputHeight; oy += lines) {
      const count = min(lines, window.outputHeight - oy)
      packStrips(yGradient, 1, filters, filters, count * window.outputWidth, packed)
      yGradient = at(yGradient, count * window.outputWidth * filters)
      addProducts(window, count, at(source, oy * window.strideY * window.paddedWidth * window.channels), packed, filterGradient, scratch)
    }
  }
}

function convolveInputGradient(
  window: Window, rows: i32, yGradient: usize, filter: usize, xGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const depth = window.depth
  const outputs = rows * window.outputHeight * window.outputWidth
  if (window.isPointwise) {
    gemm(outputs, depth, filters, yGradient, filters, 1, filter, 1, filters, xGradient, 0, false, false, scratch)
  } else if (window.turnsAround) {
    convolveTurned(window, rows, yGradient, filter, xGradient, scratch)
  } else {
    const rest = at(scratch, window.chunk * depth)
    memory.fill(xGradient, 0, <usize>(rows * window.height * window.width * window.channels) << 2)
    for (let first = 0; first < outputs; first += window.chunk) {
      const count = min(window.chunk, outputs - first)
      const gradient = at(yGradient, first * filters)
      gemm(count, depth, filters, gradient, filters, 1, filter, 1, filters, scratch, 0, false, false, rest)
      scatterColumns(window, scratch, first, count, xGradient)
    }
  }
}

/** With stride 1 the gradient of the input is itself a convolution, of the output's gradient with the filter turned around. */
function convolveTurned(
  window: Window, rows: i32, yGradient: usize, filter: usize, xGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const channels = window.channels
  const taps = window.kernelHeight * window.kernelWidth
  const packed = at(scratch, EDGE_FLOATS)
  for (let first = 0; first < channels; first += TILE_COLUMNS) {
    const strip = at(packed, first * taps * filters)
    for (let tap = 0; tap < taps; tap++) {
      const source = at(filter, ((taps - 1 - tap) * channels + first) * filters)
      const target = at(strip, tap * filters * TILE_COLUMNS)
      packStrip(source, filters, 1, min(TILE_COLUMNS, channels - first), filters, target)
    }
  }
  const copy = at(packed, taps * filters * stripFloats(channels))
  const width = window.width + window.kernelWidth - 1
  const height = window.height + window.kernelHeight - 1
  const line = window.kernelWidth * filters
  for (let image = 0; image < rows; image++) {
    copyImage(
      at(yGradient, image * window.outputHeight * window.outputWidth * filters),
      window.outputHeight, window.outputWidth, filters,
      window.kernelHeight - 1 - window.top, window.kernelWidth - 1 - window.left, height, width, copy
    )
    multiplyPositions(
      window.width, window.height, window.kernelHeight, line, width * filters - line, filters, width * filters,
      copy, packed, channels, 0, at(xGradient, image * window.height * window.width * channels), false, false, scratch
    )
  }
}

/** filterGradient += the products of some lines of outputs, packed, with what their windows see of an image. */
function addProducts(
  window: Window, lines: i32, image: usize, packed: usize, filterGradient: usize, edge: usize
): void {
  const filters = window.filters
  const line = window.kernelWidth * window.channels
  const pitch = window.paddedWidth * window.channels
  const along = window.strideX * window.channels
  const gap = <usize>(window.strideY * pitch - window.outputWidth * along) << 2
  for (let ky = 0; ky < window.kernelHeight; ky++) {
    for (let i = 0; i < line; i += 2) {
      const second = i + 1 < line ? 1 : 0
      const a = at(image, ky * pitch + i)
      const target = at(filterGradient, (ky * line + i) * filters)
      const next = <usize>(second * filters) << 2
      multiplyRows(
        lines, window.outputWidth, gap, a, at(a, second), <usize>along << 2, packed, filters,
        target, next, target, next, false, edge
      )
    }
  }
}

/** An image with the zeros that its windows see: itself where they see none, else a copy in `target`. */
function padded(window: Window, x: usize, image: i32, target: usize): usize {
  const source = at(x, image * window.height * window.width * window.channels)
  if (window.paddedHeight == window.height && window.paddedWidth == window.width) return source
  copyImage(
    source, window.height, window.width, window.channels,
    window.top, window.left, window.paddedHeight, window.paddedWidth, target
  )
  return target
}
