import { at, gemm, packStrips } from './gemm'
import { multiplyPositions } from './positions'
import {
  POINTS, transformInput, transformInputGradient, transformOutput, transformOutputGradient, transformTaps, transformTapsGradient
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
  const edge = at(products, POINTS * pitchOf(window, window.outputHeight, most, filters))
  spreadFilter(window, filter, spread)
  for (let point = 0; point < POINTS; point++) {
    const target = at(packed, point * depth * stripFloats(filters))
    packStrips(at(spread, point * depth * filters), 1, filters, filters, depth, target)
  }
  for (let first = 0; first < rows; first += most) {
    const images = min(most, rows - first)
    const valuesPitch = pitchOf(window, window.inputLines, images, window.channels)
    const productsPitch = pitchOf(window, window.outputHeight, images, filters)
    spreadInput(window, images, at(x, first * window.imageFloats), values, edge)
    const lineFloats = images * window.tiles * window.channels
    for (let point = 0; point < POINTS; point++) {
      multiplyPositions(
        window.outputHeight * images * window.tiles, 1,
        window.kernelHeight, window.channels, lineFloats - window.channels, window.channels, 0,
        at(values, point * valuesPitch), at(packed, point * depth * stripFloats(filters)), filters, 0,
        at(products, point * productsPitch), false, false, scratch
      )
    }
    gatherOutput(window, images, products, bias, relu, at(y, first * window.outputFloats), edge)
  }
}

/** As `convolveGradients`. */
export function gradientsByPoints(
  window: Window, rows: i32, x: usize, yGradient: usize, filter: usize, filterGradient: usize, xGradient: usize, scratch: usize
): void {
  const filters = window.filters
  const channels = window.channels
  const weights = channels * filters
  const most = window.imagesAtATime
  const lines = POINTS * window.kernelHeight
  const spread = at(scratch, EDGE_FLOATS)
  const packed = at(spread, lines * weights)
  const packedFloats = filters * stripFloats(channels)
  const values = at(packed, lines * packedFloats)
  const gradients = at(values, POINTS * pitchOf(window, window.inputLines, most, channels))
  const rest = at(gradients, POINTS * pitchOf(window, window.outputHeight, most, filters))
  if (xGradient) {
    spreadFilter(window, filter, spread)
    for (let line = 0; line < lines; line++) {
      packStrips(at(spread, line * weights), filters, 1, channels, filters, at(packed, line * packedFloats))
    }
  }
  for (let first = 0; first < rows; first += most) {
    const images = min(most, rows - first)
    const valuesPitch = pitchOf(window, window.inputLines, images, channels)
    const gradientsPitch = pitchOf(window, window.outputHeight, images, filters)
    const positions = window.outputHeight * images * window.tiles
    const lineFloats = images * window.tiles * channels
    spreadOutputGradient(window, images, at(yGradient, first * window.outputFloats), gradients, rest)
    if (filterGradient) {
      spreadInput(window, images, at(x, first * window.imageFloats), values, rest)
      for (let line = 0; line < lines; line++) {
        const point = line / window.kernelHeight
        const ky = line % window.kernelHeight
        gemm(
          channels, filters, positions,
          at(values, point * valuesPitch + ky * lineFloats), 1, channels, at(gradients, point * gradientsPitch), filters, 1,
          at(spread, line * weights), 0, false, first > 0, rest
        )
      }
    }
    if (xGradient) {
      for (let line = 0; line < lines; line++) {
        const point = line / window.kernelHeight
        const ky = line % window.kernelHeight
        const target = at(values, point * valuesPitch)
        if (ky == 0) {
          const written = window.outputHeight * lineFloats
          memory.fill(at(target, written), 0, <usize>((window.kernelHeight - 1) * lineFloats) << 2)
        }
        multiplyPositions(
          positions, 1, 1, filters, 0, filters, 0, at(gradients, point * gradientsPitch), at(packed, line * packedFloats),
          channels, 0, at(target, ky * lineFloats), false, ky > 0, scratch
        )
      }
      gatherInputGradient(window, images, values, at(xGradient, first * window.imageFloats), rest)
    }
  }
  if (filterGradient) gatherFilterGradient(window, spread, filterGradient)
}

/** Floats from the values of one point to those of the next. */
// @ts-ignore: decorator
@inline
function pitchOf(window: Window, lines: i32, images: i32, channels: i32): i32 {
  return lines * images * window.tiles * channels + GAP_FLOATS
}

/** V: each line of an image, with the zeros around it, tile by tile. */
function spreadInput(window: Window, images: i32, x: usize, values: usize, edge: usize): void {
  const channels = window.channels
  const step = at(0, channels)
  const pitch = at(0, pitchOf(window, window.inputLines, images, channels))
  for (let y = 0; y < window.inputLines; y++) {
    const row = y - window.top
    const width = <u32>row < <u32>window.height ? window.width : 0
    for (let image = 0; image < images; image++) {
      const line = at(x, image * window.imageFloats + row * window.width * channels)
      for (let t = 0; t < window.tiles; t++) {
        const source = tileOf(line, width, channels, t * window.tileOutputs - window.left, POINTS, edge)
        for (let c: usize = 0; c < step; c += 16, values += 16) transformInput(source + c, step, values, pitch)
      }
    }
  }
}

/** M: the gradient of each line of outputs, tile by tile; zero beyond its end. */
function spreadOutputGradient(window: Window, images: i32, yGradient: usize, gradients: usize, edge: usize): void {
  const filters = window.filters
  const width = window.outputWidth
  const outputs = window.tileOutputs
  const step = at(0, filters)
  const pitch = at(0, pitchOf(window, window.outputHeight, images, filters))
  for (let oy = 0; oy < window.outputHeight; oy++) {
    for (let image = 0; image < images; image++) {
      const line = at(yGradient, image * window.outputFloats + oy * width * filters)
      for (let t = 0; t < window.tiles; t++) {
        const source = tileOf(line, width, filters, t * outputs, outputs, edge)
        for (let c: usize = 0; c < step; c += 16, gradients += 16) {
          transformOutputGradient(source + c, step, outputs, gradients, pitch)
        }
      }
    }
  }
}

/** Some pixels of a line from `first` on: where they lie, or, where some are outside, a copy in `edge` with zeros for these. */
function tileOf(line: usize, width: i32, channels: i32, first: i32, pixels: i32, edge: usize): usize {
  if (first >= 0 && first + pixels <= width) return at(line, first * channels)
  const from = min(pixels, max(0, -first))
  const to = max(from, min(pixels, width - first))
  zeroRow(edge, from * channels)
  copyRow(at(edge, from * channels), at(line, (first + from) * channels), (to - from) * channels)
  zeroRow(at(edge, to * channels), (pixels - to) * channels)
  return edge
}

/** y from the products, with bias and relu. */
function gatherOutput(
  window: Window, images: i32, products: usize, bias: usize, relu: bool, y: usize, edge: usize
): void {
  const filters = window.filters
  const outputs = window.tileOutputs
  const step = at(0, filters)
  const pitch = at(0, pitchOf(window, window.outputHeight, images, filters))
  const least = f32x4.splat(relu ? 0 : -Infinity)
  for (let oy = 0; oy < window.outputHeight; oy++) {
    for (let image = 0; image < images; image++) {
      let place = at(y, image * window.outputFloats + oy * window.outputWidth * filters)
      for (let left = window.outputWidth; left > 0; left -= outputs, place = at(place, outputs * filters)) {
        const target = left < outputs ? edge : place
        for (let c: usize = 0; c < step; c += 16, products += 16) {
          const shift = bias ? v128.load(bias + c) : f32x4.splat(0)
          transformOutput(products, pitch, outputs, shift, least, target + c, step)
        }
        if (left < outputs) copyRow(place, edge, left * filters)
      }
    }
  }
}

/** xGradient, each tile added where its pixels lie. */
function gatherInputGradient(window: Window, images: i32, values: usize, xGradient: usize, edge: usize): void {
  const channels = window.channels
  const width = window.width
  const shared = window.kernelWidth - 1
  const step = at(0, channels)
  const pitch = at(0, pitchOf(window, window.inputLines, images, channels))
  for (let y = 0; y < window.inputLines; y++) {
    const row = y - window.top
    if (<u32>row >= <u32>window.height) {
      values = at(values, images * window.tiles * channels)
      continue
    }
    for (let image = 0; image < images; image++) {
      const line = at(xGradient, image * window.imageFloats + row * width * channels)
      for (let t = 0; t < window.tiles; t++) {
        const first = t * window.tileOutputs - window.left
        const isInside = first >= 0 && first + POINTS <= width
        const from = min(POINTS, max(0, -first))
        const inside = at(line, (first + from) * channels)
        const target = isInside ? inside : edge
        if (t == 0) zeroRow(target, shared * channels)
        else if (!isInside) copyRow(at(edge, from * channels), inside, (min(shared, width - first) - from) * channels)
        for (let c: usize = 0; c < step; c += 16, values += 16) {
          transformInputGradient(values, pitch, shared, target + c, step)
        }
        if (!isInside) copyRow(inside, at(edge, from * channels), (min(POINTS, width - first) - from) * channels)
      }
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
