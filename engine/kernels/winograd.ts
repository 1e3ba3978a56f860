import { at, gemm, packStrips } from './gemm'
import { multiplyPositions } from './positions'
import {
  addInputGradient, POINTS, transformInput, transformOutput, transformOutputGradient, transformTaps, transformTapsGradient
} from './polynomials'
import { copyRow, zeroRow } from './rows'
import { EDGE_FLOATS, stripFloats } from './tile'
import { Window } from './window'

// A line of `outputs` neighbouring results of a convolution takes outputs x taps products; as polynomials, told by their
// values at outputs + taps - 1 points, as many as there are points. With eight points a line of 3 taps takes 2.25 times
// fewer products, one of 5 taps 2.5 times. What is left is, for each point, a product of matrices over lines and channels.
//
// With transforms B, G, A, V = B^T x and U = G filter: y = A^T (U V), summed over lines and channels. The gradients are
// those of this formula: with M = A yGradient, the filter's is G^T (V^T M), the input's B (M U^T).
//
// Sources: Winograd, "Arithmetic Complexity of Computations", SIAM, 1980; Lavin, Gray, "Fast Algorithms for Convolutional
// Neural Networks", CVPR 2016.
//
// Transformed values lie as [point][line][image][tile][channel], so that an output's lines are a constant way apart.

/** Left between the values of two points, which would else compete for the same places of a cache. */
const GAP_FLOATS: i32 = 16

/** As `convolve`, for windows that go by points; so are the gradients below. */
export function convolveByPoints(
  window: Window, rows: i32, x: usize, filter: usize, bias: usize, y: usize, relu: bool, scratch: usize
): void {
  const filters = window.filters
  const depth = window.kernelHeight * window.channels
  const most = window.imagesAtATime
  const spread = at(scratch, EDGE_FLOATS)
  const packed = at(spread, POINTS * depth * filters)
  const values = at(packed, POINTS * depth * stripFloats(filters))
  const products = at(values, POINTS * pitchOf(window, window.inputLines, most, window.channels))
  const line = at(products, POINTS * pitchOf(window, window.outputHeight, most, filters))
  spreadFilter(window, filter, spread)
  for (let point = 0; point < POINTS; point++) {
    const target = at(packed, point * depth * stripFloats(filters))
    packStrips(at(spread, point * depth * filters), 1, filters, filters, depth, target)
  }
  for (let first = 0; first < rows; first += most) {
    const images = min(most, rows - first)
    const valuesPitch = pitchOf(window, window.inputLines, images, window.channels)
    const productsPitch = pitchOf(window, window.outputHeight, images, filters)
    spreadInput(window, images, at(x, first * window.imageFloats), values, line)
    const lineFloats = images * window.tiles * window.channels
    for (let point = 0; point < POINTS; point++) {
      multiplyPositions(
        window.outputHeight * images * window.tiles, 1,
        window.kernelHeight, window.channels, lineFloats - window.channels, window.channels, 0,
        at(values, point * valuesPitch), at(packed, point * depth * stripFloats(filters)), filters, 0,
        at(products, point * productsPitch), false, scratch
      )
    }
    gatherOutput(window, images, products, bias, relu, at(y, first * window.outputFloats), line)
  }
}

/** As `convolveFilterGradient`. */
export function filterGradientByPoints(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const channels = window.channels
  const weights = channels * filters
  const most = window.imagesAtATime
  const spread = scratch
  const values = at(spread, POINTS * window.kernelHeight * weights)
  const gradients = at(values, POINTS * pitchOf(window, window.inputLines, most, channels))
  const rest = at(gradients, POINTS * pitchOf(window, window.outputHeight, most, filters))
  for (let first = 0; first < rows; first += most) {
    const images = min(most, rows - first)
    const valuesPitch = pitchOf(window, window.inputLines, images, channels)
    const gradientsPitch = pitchOf(window, window.outputHeight, images, filters)
    spreadInput(window, images, at(x, first * window.imageFloats), values, rest)
    spreadOutputGradient(window, images, at(yGradient, first * window.outputFloats), gradients, rest)
    const positions = window.outputHeight * images * window.tiles
    for (let point = 0; point < POINTS; point++) {
      for (let ky = 0; ky < window.kernelHeight; ky++) {
        gemm(
          channels, filters, positions,
          at(values, point * valuesPitch + ky * images * window.tiles * channels), 1, channels,
          at(gradients, point * gradientsPitch), filters, 1,
          at(spread, (point * window.kernelHeight + ky) * weights), 0, false, first > 0, rest
        )
      }
    }
  }
  gatherFilterGradient(window, spread, filterGradient)
}

/** As `convolveInputGradient`. */
export function inputGradientByPoints(
  window: Window, rows: i32, yGradient: usize, filter: usize, xGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const channels = window.channels
  const weights = channels * filters
  const most = window.imagesAtATime
  const spread = scratch
  const gradients = at(spread, POINTS * window.kernelHeight * weights)
  const values = at(gradients, POINTS * pitchOf(window, window.outputHeight, most, filters))
  const rest = at(values, POINTS * pitchOf(window, window.inputLines, most, channels))
  spreadFilter(window, filter, spread)
  for (let first = 0; first < rows; first += most) {
    const images = min(most, rows - first)
    const gradientsPitch = pitchOf(window, window.outputHeight, images, filters)
    const valuesPitch = pitchOf(window, window.inputLines, images, channels)
    spreadOutputGradient(window, images, at(yGradient, first * window.outputFloats), gradients, rest)
    const positions = window.outputHeight * images * window.tiles
    const lineFloats = images * window.tiles * channels
    for (let point = 0; point < POINTS; point++) {
      const target = at(values, point * valuesPitch)
      const written = window.outputHeight * lineFloats
      memory.fill(at(target, written), 0, <usize>((window.kernelHeight - 1) * lineFloats) << 2)
      for (let ky = 0; ky < window.kernelHeight; ky++) {
        gemm(
          positions, channels, filters, at(gradients, point * gradientsPitch), filters, 1,
          at(spread, (point * window.kernelHeight + ky) * weights), 1, filters,
          at(target, ky * lineFloats), 0, false, ky > 0, rest
        )
      }
    }
    gatherInputGradient(window, images, values, at(xGradient, first * window.imageFloats), rest)
  }
}

/** Floats from the values of one point to those of the next. */
// @ts-ignore: decorator
@inline
function pitchOf(window: Window, lines: i32, images: i32, channels: i32): i32 {
  return lines * images * window.tiles * channels + GAP_FLOATS
}

/** V: each line of an image, with the zeros around it, tile by tile. */
function spreadInput(window: Window, images: i32, x: usize, values: usize, line: usize): void {
  const channels = window.channels
  const pixels = window.width * channels
  const before = window.left * channels
  const padded = window.tiledWidth * channels
  const tile = at(0, window.tileOutputs * channels)
  const step = at(0, channels)
  const pitch = at(0, pitchOf(window, window.inputLines, images, channels))
  zeroRow(line, padded)
  for (let y = 0; y < window.inputLines; y++) {
    const row = y - window.top
    const isOutside = <u32>row >= <u32>window.height
    if (isOutside) zeroRow(line, padded)
    for (let image = 0; image < images; image++) {
      if (!isOutside) copyRow(at(line, before), at(x, image * window.imageFloats + row * pixels), pixels)
      let source = line
      for (let t = 0; t < window.tiles; t++, source += tile) {
        for (let c: usize = 0; c < step; c += 16, values += 16) transformInput(source + c, step, values, pitch)
      }
    }
  }
}

/** M: the gradient of each line of outputs, tile by tile; zero beyond its end. */
function spreadOutputGradient(window: Window, images: i32, yGradient: usize, gradients: usize, line: usize): void {
  const filters = window.filters
  const outputs = window.outputWidth * filters
  const tile = at(0, window.tileOutputs * filters)
  const step = at(0, filters)
  const pitch = at(0, pitchOf(window, window.outputHeight, images, filters))
  zeroRow(line, window.tiles * window.tileOutputs * filters)
  for (let oy = 0; oy < window.outputHeight; oy++) {
    for (let image = 0; image < images; image++) {
      copyRow(line, at(yGradient, image * window.outputFloats + oy * outputs), outputs)
      let source = line
      for (let t = 0; t < window.tiles; t++, source += tile) {
        for (let c: usize = 0; c < step; c += 16, gradients += 16) {
          transformOutputGradient(source + c, step, window.tileOutputs, gradients, pitch)
        }
      }
    }
  }
}

/** y from the products, with bias and relu. */
function gatherOutput(
  window: Window, images: i32, products: usize, bias: usize, relu: bool, y: usize, line: usize
): void {
  const filters = window.filters
  const outputs = window.outputWidth * filters
  const tile = at(0, window.tileOutputs * filters)
  const step = at(0, filters)
  const pitch = at(0, pitchOf(window, window.outputHeight, images, filters))
  const least = f32x4.splat(relu ? 0 : -Infinity)
  for (let oy = 0; oy < window.outputHeight; oy++) {
    for (let image = 0; image < images; image++) {
      let target = line
      for (let t = 0; t < window.tiles; t++, target += tile) {
        for (let c: usize = 0; c < step; c += 16, products += 16) {
          const shift = bias ? v128.load(bias + c) : f32x4.splat(0)
          transformOutput(products, pitch, window.tileOutputs, shift, least, target + c, step)
        }
      }
      copyRow(at(y, image * window.outputFloats + oy * outputs), line, outputs)
    }
  }
}

/** xGradient, each tile added where its pixels lie. */
function gatherInputGradient(window: Window, images: i32, values: usize, xGradient: usize, line: usize): void {
  const channels = window.channels
  const pixels = window.width * channels
  const tile = at(0, window.tileOutputs * channels)
  const step = at(0, channels)
  const pitch = at(0, pitchOf(window, window.inputLines, images, channels))
  for (let y = 0; y < window.inputLines; y++) {
    const row = y - window.top
    const isOutside = <u32>row >= <u32>window.height
    for (let image = 0; image < images; image++) {
      zeroRow(line, window.tiledWidth * channels)
      let target = line
      for (let t = 0; t < window.tiles; t++, target += tile) {
        for (let c: usize = 0; c < step; c += 16, values += 16) addInputGradient(values, pitch, target + c, step)
      }
      if (isOutside) continue
      copyRow(at(xGradient, image * window.imageFloats + row * pixels), at(line, window.left * channels), pixels)
    }
  }
}

/** U, as [point][line of the filter][channel][filter]. */
function spreadFilter(window: Window, filter: usize, spread: usize): void {
  const weights = at(0, window.channels * window.filters)
  const pitch = weights * window.kernelHeight
  for (let ky = 0; ky < window.kernelHeight; ky++, filter += weights * window.kernelWidth) {
    for (let i: usize = 0; i < weights; i += 16, spread += 16) {
      transformTaps(filter + i, weights, window.kernelWidth, spread, pitch)
    }
  }
}

function gatherFilterGradient(window: Window, spread: usize, filterGradient: usize): void {
  const weights = at(0, window.channels * window.filters)
  const pitch = weights * window.kernelHeight
  for (let ky = 0; ky < window.kernelHeight; ky++, filterGradient += weights * window.kernelWidth) {
    for (let i: usize = 0; i < weights; i += 16, spread += 16) {
      transformTapsGradient(spread, pitch, window.kernelWidth, filterGradient + i, weights)
    }
  }
}
