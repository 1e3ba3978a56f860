import { atLeast } from './bounds'
import { multiplyAdd } from './multiply-add'
import { Window } from './window'

// Depthwise convolution of 3 x 3 at stride 1, four channels at a time, along the longer extent of the image: a line is one of its
// rows or columns. A pixel is loaded once for the three outputs of a line that see it, and the filter stays in registers along the
// line. The three products across a line are summed before they are added to an output, so that neighbours hardly wait for each other.

/** Whether the functions here know the window. */
export function isThreeByThree(window: Window): bool {
  return window.kernelHeight == 3 && window.kernelWidth == 3 && window.channels % 4 == 0 && window.seesImage
}

/**
 * y = x * filter, then plus a bias, then relu. With the image's and the output's extents exchanged, its padding turned around, and a
 * filter read from its end, it is the gradient of the input.
 *
 * @param top - lines of padding above the image, at most 2
 * @param left - columns of padding left of it, at most 2
 * @param filter - address of the first tap
 * @param tap - bytes from one tap to the next
 * @param bias - address of a float a channel, or 0
 */
export function convolveThreeByThree(
  rows: i32, channels: i32, x: usize, height: i32, width: i32, top: i32, left: i32,
  filter: usize, tap: usize, bias: usize, y: usize, outputHeight: i32, outputWidth: i32, relu: bool
): void {
  const step = <usize>channels << 2
  const pitch = <usize>width * step
  const outputPitch = <usize>outputWidth * step
  const goesDown = height > width
  const lines = goesDown ? outputWidth : outputHeight
  const across = goesDown ? step : outputPitch
  const above = goesDown ? left : top
  for (let image = 0; image < rows; image++, x += <usize>height * pitch, y += <usize>outputHeight * outputPitch) {
    let target = y
    for (let i = 0; i < lines; i++, target += across) {
      if (bias || relu) {
        convolveFused(x, height, width, step, i - above, top, left, filter, tap, bias, target, outputHeight, outputWidth, relu)
      } else convolvePlain(x, height, width, step, i - above, top, left, filter, tap, target, outputHeight, outputWidth)
    }
  }
}

/** filterGradient = x * yGradient, summed over images and positions. */
export function filterGradientThreeByThree(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize
): void {
  const channels = window.channels
  const height = window.height
  const width = window.width
  const outputWidth = window.outputWidth
  const outputHeight = window.outputHeight
  const step = <usize>channels << 2
  const pitch = <usize>width * step
  const outputPitch = <usize>outputWidth * step
  memory.fill(filterGradient, 0, 9 * step)
  const goesDown = height > width
  const lines = goesDown ? outputWidth : outputHeight
  const across = goesDown ? step : outputPitch
  const above = goesDown ? window.left : window.top
  for (let image = 0; image < rows; image++, x += <usize>height * pitch) {
    let gradient = yGradient
    for (let i = 0; i < lines; i++, gradient += across) {
      addEither(x, height, width, step, i - above, window.top, window.left, gradient, outputHeight, outputWidth, filterGradient)
    }
    yGradient += <usize>outputHeight * outputPitch
  }
}

// Each keeps as much in registers as it needs, and has rows apart from columns, as pixels of a row lie a known way apart.

// @ts-ignore: decorator
@noinline
function convolvePlain(
  x: usize, height: i32, width: i32, step: usize, first: i32, top: i32, left: i32,
  filter: usize, tap: usize, y: usize, outputHeight: i32, outputWidth: i32
): void {
  convolveEither(x, height, width, step, first, top, left, filter, tap, 0, y, outputHeight, outputWidth, false, false)
}

// @ts-ignore: decorator
@noinline
function convolveFused(
  x: usize, height: i32, width: i32, step: usize, first: i32, top: i32, left: i32,
  filter: usize, tap: usize, bias: usize, y: usize, outputHeight: i32, outputWidth: i32, relu: bool
): void {
  convolveEither(x, height, width, step, first, top, left, filter, tap, bias, y, outputHeight, outputWidth, relu, true)
}

// @ts-ignore: decorator
@inline
function convolveEither(
  x: usize, height: i32, width: i32, step: usize, first: i32, top: i32, left: i32,
  filter: usize, tap: usize, bias: usize, y: usize, outputHeight: i32, outputWidth: i32, relu: bool, fused: bool
): void {
  const pitch = <usize>width * step
  if (height > width) {
    convolveLine(
      x, width, step, height, pitch, step, first, top, filter, tap, 3 * tap, bias,
      y, outputHeight, <usize>outputWidth * step, relu, fused
    )
  } else {
    convolveLine(x, height, pitch, width, step, step, first, left, filter, 3 * tap, tap, bias, y, outputWidth, step, relu, fused)
  }
}

function addEither(
  x: usize, height: i32, width: i32, step: usize, first: i32, top: i32, left: i32,
  gradient: usize, outputHeight: i32, outputWidth: i32, filterGradient: usize
): void {
  const pitch = <usize>width * step
  if (height > width) {
    addLine(
      x, width, step, height, pitch, step, first, top,
      gradient, outputHeight, <usize>outputWidth * step, filterGradient, step, 3 * step
    )
  } else {
    addLine(x, height, pitch, width, step, step, first, left, gradient, outputWidth, step, filterGradient, 3 * step, step)
  }
}

/**
 * One line of outputs.
 *
 * @param lines - of the image, `across` bytes from one to the next; what the outputs see begins at line `first`
 * @param length - pixels of a line, `along` bytes from one to the next
 * @param step - bytes of a pixel
 * @param before - pixels of padding before the line
 * @param tapAcross - bytes from a tap to the one that sees the next line; `tapAlong` to the one that sees the next pixel
 * @param outputAlong - bytes between outputs
 */
// @ts-ignore: decorator
@inline
function convolveLine(
  x: usize, lines: i32, across: usize, length: i32, along: usize, step: usize, first: i32, before: i32,
  filter: usize, tapAcross: usize, tapAlong: usize, bias: usize,
  y: usize, outputs: i32, outputAlong: usize, relu: bool, fused: bool
): void {
  const line0 = lineOf(x, first, lines, across)
  const line1 = lineOf(x, first + 1, lines, across)
  const line2 = lineOf(x, first + 2, lines, across)
  for (let at: usize = 0; at < step; at += 16) {
    let weights = filter + at
    const w00 = weightOf(weights, first, lines)
    const w01 = weightOf(weights + tapAlong, first, lines)
    const w02 = weightOf(weights + 2 * tapAlong, first, lines)
    weights += tapAcross
    const w10 = weightOf(weights, first + 1, lines)
    const w11 = weightOf(weights + tapAlong, first + 1, lines)
    const w12 = weightOf(weights + 2 * tapAlong, first + 1, lines)
    weights += tapAcross
    const w20 = weightOf(weights, first + 2, lines)
    const w21 = weightOf(weights + tapAlong, first + 2, lines)
    const w22 = weightOf(weights + 2 * tapAlong, first + 2, lines)
    // Sums of the output that sees a pixel last, and of the one after it.
    let last = startOf(bias, at, fused)
    let next = last
    let p0 = line0 + at
    let p1 = line1 + at
    let p2 = line2 + at
    let target = y + at
    let output = before - 2
    for (let i = 0; i < length; i++, output++) {
      const x0 = v128.load(p0)
      const x1 = v128.load(p1)
      const x2 = v128.load(p2)
      if (output >= 0) {
        last = f32x4.add(last, sumOf(x0, x1, x2, w02, w12, w22))
        storeOutput(target, last, fused && relu)
        target += outputAlong
      }
      last = f32x4.add(next, sumOf(x0, x1, x2, w01, w11, w21))
      next = sumOf(x0, x1, x2, w00, w10, w20)
      if (fused && bias) next = f32x4.add(next, v128.load(bias + at))
      p0 += along
      p1 += along
      p2 += along
    }
    if (output < outputs) storeOutput(target, last, fused && relu)
    if (output + 1 < outputs) storeOutput(target + outputAlong, next, fused && relu)
  }
}

/** Add what one line of outputs tells of each tap; extents as for `convolveLine`. */
// @ts-ignore: decorator
@inline
function addLine(
  x: usize, lines: i32, across: usize, length: i32, along: usize, step: usize, first: i32, before: i32,
  gradient: usize, outputs: i32, outputAlong: usize, filterGradient: usize, tapAcross: usize, tapAlong: usize
): void {
  const line0 = lineOf(x, first, lines, across)
  const line1 = lineOf(x, first + 1, lines, across)
  const line2 = lineOf(x, first + 2, lines, across)
  for (let at: usize = 0; at < step; at += 16) {
    const taps0 = filterGradient + at
    const taps1 = taps0 + tapAcross
    const taps2 = taps1 + tapAcross
    let w00 = v128.load(taps0)
    let w01 = v128.load(taps0 + tapAlong)
    let w02 = v128.load(taps0 + 2 * tapAlong)
    let w10 = v128.load(taps1)
    let w11 = v128.load(taps1 + tapAlong)
    let w12 = v128.load(taps1 + 2 * tapAlong)
    let w20 = v128.load(taps2)
    let w21 = v128.load(taps2 + tapAlong)
    let w22 = v128.load(taps2 + 2 * tapAlong)
    let p0 = line0 + at
    let p1 = line1 + at
    let p2 = line2 + at
    let output = before
    // Gradients of the outputs that see a pixel as their last, middle and first.
    let last = gradientOf(gradient + at, output - 2, outputs, outputAlong)
    let middle = gradientOf(gradient + at, output - 1, outputs, outputAlong)
    for (let i = 0; i < length; i++, output++) {
      const newest = gradientOf(gradient + at, output, outputs, outputAlong)
      const x0 = v128.load(p0)
      w00 = multiplyAdd(x0, newest, w00)
      w01 = multiplyAdd(x0, middle, w01)
      w02 = multiplyAdd(x0, last, w02)
      const x1 = v128.load(p1)
      w10 = multiplyAdd(x1, newest, w10)
      w11 = multiplyAdd(x1, middle, w11)
      w12 = multiplyAdd(x1, last, w12)
      const x2 = v128.load(p2)
      w20 = multiplyAdd(x2, newest, w20)
      w21 = multiplyAdd(x2, middle, w21)
      w22 = multiplyAdd(x2, last, w22)
      last = middle
      middle = newest
      p0 += along
      p1 += along
      p2 += along
    }
    if (isInside(first, lines)) storeTaps(taps0, tapAlong, w00, w01, w02)
    if (isInside(first + 1, lines)) storeTaps(taps1, tapAlong, w10, w11, w12)
    if (isInside(first + 2, lines)) storeTaps(taps2, tapAlong, w20, w21, w22)
  }
}

// @ts-ignore: decorator
@inline
function isInside(position: i32, extent: i32): bool {
  return <u32>position < <u32>extent
}

/** A line of the image; where there is none any other, whose weights are zero. */
// @ts-ignore: decorator
@inline
function lineOf(x: usize, line: i32, lines: i32, across: usize): usize {
  return isInside(line, lines) ? x + <usize>line * across : x
}

// @ts-ignore: decorator
@inline
function weightOf(weight: usize, line: i32, lines: i32): v128 {
  return isInside(line, lines) ? v128.load(weight) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function gradientOf(line: usize, output: i32, outputs: i32, along: usize): v128 {
  return isInside(output, outputs) ? v128.load(line + <usize>output * along) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function startOf(bias: usize, at: usize, fused: bool): v128 {
  return fused && bias ? v128.load(bias + at) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function storeOutput(target: usize, value: v128, relu: bool): void {
  if (relu) v128.store(target, atLeast(f32x4.splat(0), value))
  else v128.store(target, value)
}

/** Of the products across a line. */
// @ts-ignore: decorator
@inline
function sumOf(x0: v128, x1: v128, x2: v128, w0: v128, w1: v128, w2: v128): v128 {
  return multiplyAdd(x2, w2, multiplyAdd(x1, w1, f32x4.mul(x0, w0)))
}

// @ts-ignore: decorator
@inline
function storeTaps(target: usize, along: usize, w0: v128, w1: v128, w2: v128): void {
  v128.store(target, w0)
  v128.store(target + along, w1)
  v128.store(target + 2 * along, w2)
}
