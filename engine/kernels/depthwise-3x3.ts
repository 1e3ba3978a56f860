import { atLeast } from './bounds'
import { multiplyAdd } from './multiply-add'
import { Window, pixel } from './window'

// Depthwise convolution of 3 x 3 at stride 1, four channels at a time. A pixel is loaded once for the three outputs of a line
// that see it, and the filter stays in registers along the line. The three products of a column are summed before they are added
// to an output, so that neighbouring columns hardly wait for each other.

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
  const line = <usize>(width * channels) << 2
  const outputLine = <usize>(outputWidth * channels) << 2
  for (let image = 0; image < rows; image++, x += <usize>height * line) {
    for (let oy = 0; oy < outputHeight; oy++, y += outputLine) {
      if (bias || relu) convolveFused(x, height, width, channels, oy - top, left, filter, tap, bias, y, outputWidth, relu)
      else convolvePlain(x, height, width, channels, oy - top, left, filter, tap, y, outputWidth)
    }
  }
}

/** filterGradient = x * yGradient, summed over images and positions. */
export function filterGradientThreeByThree(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize
): void {
  const channels = window.channels
  memory.fill(filterGradient, 0, <usize>(9 * channels) << 2)
  for (let image = 0; image < rows; image++) {
    const source = pixel(x, image, 0, 0, window.height, window.width, channels)
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const gradient = pixel(yGradient, image, oy, 0, window.outputHeight, window.outputWidth, channels)
      addLine(
        source, window.height, window.width, channels, oy - window.top, window.left, gradient, window.outputWidth, filterGradient
      )
    }
  }
}

// Each keeps as much in registers as it needs.

// @ts-ignore: decorator
@noinline
function convolvePlain(
  x: usize, height: i32, width: i32, channels: i32, first: i32, left: i32,
  filter: usize, tap: usize, y: usize, outputWidth: i32
): void {
  convolveLine(x, height, width, channels, first, left, filter, tap, 0, y, outputWidth, false, false)
}

// @ts-ignore: decorator
@noinline
function convolveFused(
  x: usize, height: i32, width: i32, channels: i32, first: i32, left: i32,
  filter: usize, tap: usize, bias: usize, y: usize, outputWidth: i32, relu: bool
): void {
  convolveLine(x, height, width, channels, first, left, filter, tap, bias, y, outputWidth, relu, true)
}

/** One line of outputs; what it sees begins at line `first` of the image. */
// @ts-ignore: decorator
@inline
function convolveLine(
  x: usize, height: i32, width: i32, channels: i32, first: i32, left: i32,
  filter: usize, tap: usize, bias: usize, y: usize, outputWidth: i32, relu: bool, fused: bool
): void {
  const step = <usize>channels << 2
  const least = f32x4.splat(relu ? 0 : -Infinity)
  const line0 = lineOf(x, first, height, width, step)
  const line1 = lineOf(x, first + 1, height, width, step)
  const line2 = lineOf(x, first + 2, height, width, step)
  for (let at: usize = 0; at < step; at += 16) {
    const weights = filter + at
    const w00 = weightOf(weights, first, height)
    const w01 = weightOf(weights + tap, first, height)
    const w02 = weightOf(weights + 2 * tap, first, height)
    const w10 = weightOf(weights + 3 * tap, first + 1, height)
    const w11 = weightOf(weights + 4 * tap, first + 1, height)
    const w12 = weightOf(weights + 5 * tap, first + 1, height)
    const w20 = weightOf(weights + 6 * tap, first + 2, height)
    const w21 = weightOf(weights + 7 * tap, first + 2, height)
    const w22 = weightOf(weights + 8 * tap, first + 2, height)
    const shift = fused && bias ? v128.load(bias + at) : f32x4.splat(0)
    // Sums of the output that sees a column last, and of the one after it.
    let last = shift
    let next = shift
    let p0 = line0 + at
    let p1 = line1 + at
    let p2 = line2 + at
    let target = y + at
    let output = left - 2
    for (let ix = 0; ix < width; ix++, output++) {
      const x0 = v128.load(p0)
      const x1 = v128.load(p1)
      const x2 = v128.load(p2)
      if (output >= 0) {
        last = f32x4.add(last, column(x0, x1, x2, w02, w12, w22))
        v128.store(target, fused ? atLeast(least, last) : last)
        target += step
      }
      last = f32x4.add(next, column(x0, x1, x2, w01, w11, w21))
      next = column(x0, x1, x2, w00, w10, w20)
      if (fused) next = f32x4.add(shift, next)
      p0 += step
      p1 += step
      p2 += step
    }
    if (output < outputWidth) v128.store(target, fused ? atLeast(least, last) : last)
    if (output + 1 < outputWidth) v128.store(target + step, fused ? atLeast(least, next) : next)
  }
}

/** Add what one line of outputs tells of each tap. */
function addLine(
  x: usize, height: i32, width: i32, channels: i32, first: i32, left: i32,
  gradient: usize, outputWidth: i32, filterGradient: usize
): void {
  const step = <usize>channels << 2
  const line0 = lineOf(x, first, height, width, step)
  const line1 = lineOf(x, first + 1, height, width, step)
  const line2 = lineOf(x, first + 2, height, width, step)
  for (let at: usize = 0; at < step; at += 16) {
    const target = filterGradient + at
    let w00 = v128.load(target)
    let w01 = v128.load(target + step)
    let w02 = v128.load(target + 2 * step)
    let w10 = v128.load(target + 3 * step)
    let w11 = v128.load(target + 4 * step)
    let w12 = v128.load(target + 5 * step)
    let w20 = v128.load(target + 6 * step)
    let w21 = v128.load(target + 7 * step)
    let w22 = v128.load(target + 8 * step)
    let p0 = line0 + at
    let p1 = line1 + at
    let p2 = line2 + at
    let output = left
    // Gradients of the outputs that see a column as their last, middle and first.
    let last = gradientOf(gradient + at, output - 2, outputWidth, step)
    let middle = gradientOf(gradient + at, output - 1, outputWidth, step)
    for (let ix = 0; ix < width; ix++, output++) {
      const newest = gradientOf(gradient + at, output, outputWidth, step)
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
      p0 += step
      p1 += step
      p2 += step
    }
    if (isInside(first, height)) storeTaps(target, step, w00, w01, w02)
    if (isInside(first + 1, height)) storeTaps(target + 3 * step, step, w10, w11, w12)
    if (isInside(first + 2, height)) storeTaps(target + 6 * step, step, w20, w21, w22)
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
function lineOf(x: usize, y: i32, height: i32, width: i32, step: usize): usize {
  return isInside(y, height) ? x + <usize>(y * width) * step : x
}

// @ts-ignore: decorator
@inline
function weightOf(weight: usize, y: i32, height: i32): v128 {
  return isInside(y, height) ? v128.load(weight) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function gradientOf(line: usize, output: i32, outputWidth: i32, step: usize): v128 {
  return isInside(output, outputWidth) ? v128.load(line + <usize>output * step) : f32x4.splat(0)
}

// @ts-ignore: decorator
@inline
function column(x0: v128, x1: v128, x2: v128, w0: v128, w1: v128, w2: v128): v128 {
  return multiplyAdd(x2, w2, multiplyAdd(x1, w1, f32x4.mul(x0, w0)))
}

// @ts-ignore: decorator
@inline
function storeTaps(target: usize, step: usize, w0: v128, w1: v128, w2: v128): void {
  v128.store(target, w0)
  v128.store(target + step, w1)
  v128.store(target + 2 * step, w2)
}
