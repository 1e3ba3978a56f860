import { atLeast } from './bounds'
import { convolveThreeByThree, filterGradientThreeByThree, isThreeByThree } from './depthwise-3x3'
import { multiplyAdd } from './multiply-add'
import { endTap, firstTap, pixel, Window } from './window'

/**
 * y = x * filter channel by channel (multiplier 1), then plus a bias, then relu.
 *
 * @param bias - address of a float a channel, or 0
 */
export function depthwise(
  window: Window, rows: i32, x: usize, filter: usize, bias: usize, y: usize, relu: bool
): void {
  const channels = window.channels
  const step = channels << 2
  if (isThreeByThree(window)) {
    convolveThreeByThree(
      rows, channels, x, window.height, window.width, window.top, window.left,
      filter, step, bias, y, window.outputHeight, window.outputWidth, relu
    )
    return
  }
  for (let image = 0; image < rows; image++) {
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const top = oy * window.strideY - window.top
      const ky = firstTap(top)
      const countY = endTap(top, window.kernelHeight, window.height) - ky
      for (let ox = 0; ox < window.outputWidth; ox++, y += <usize>step) {
        const left = ox * window.strideX - window.left
        const kx = firstTap(left)
        const countX = endTap(left, window.kernelWidth, window.width) - kx
        const source = pixel(x, image, top + ky, left + kx, window.height, window.width, channels)
        const weights = filter + <usize>((ky * window.kernelWidth + kx) * step)
        weightedSum(
          y, channels, bias, relu, countX, countY,
          source, step, step * window.width, weights, step, step * window.kernelWidth
        )
      }
    }
  }
}

/** xGradient = yGradient * filter^T: each pixel gathers from the outputs that saw it. */
export function depthwiseInputGradient(
  window: Window, rows: i32, yGradient: usize, filter: usize, xGradient: usize
): void {
  const channels = window.channels
  const step = channels << 2
  if (isThreeByThree(window)) {
    convolveThreeByThree(
      rows, channels, yGradient, window.outputHeight, window.outputWidth, 2 - window.top, 2 - window.left,
      filter + 8 * step, -step, 0, xGradient, window.height, window.width, false
    )
    return
  }
  const strideY = window.strideY
  const strideX = window.strideX
  for (let image = 0; image < rows; image++) {
    for (let iy = 0; iy < window.height; iy++) {
      const y = iy + window.top
      const ky = firstSeeing(y, strideY, window.outputHeight)
      const countY = countSeeing(y, ky, strideY, window.kernelHeight)
      for (let ix = 0; ix < window.width; ix++, xGradient += <usize>step) {
        const x = ix + window.left
        const kx = firstSeeing(x, strideX, window.outputWidth)
        const countX = countSeeing(x, kx, strideX, window.kernelWidth)
        const oy = (y - ky) / strideY
        const ox = (x - kx) / strideX
        const source = pixel(yGradient, image, oy, ox, window.outputHeight, window.outputWidth, channels)
        const weights = filter + <usize>((ky * window.kernelWidth + kx) * step)
        weightedSum(
          xGradient, channels, 0, false, countX, countY,
          source, -step, -step * window.outputWidth,
          weights, step * strideX, step * strideY * window.kernelWidth
        )
      }
    }
  }
}

/** filterGradient = x * yGradient, summed over images and positions. */
export function depthwiseFilterGradient(
  window: Window, rows: i32, x: usize, yGradient: usize, filterGradient: usize
): void {
  if (isThreeByThree(window)) {
    filterGradientThreeByThree(window, rows, x, yGradient, filterGradient)
    return
  }
  const channels = window.channels
  const taps = window.kernelWidth
  memory.fill(filterGradient, 0, <usize>(window.kernelHeight * taps * channels) << 2)
  const strideX = window.strideX
  for (let image = 0; image < rows; image++) {
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const top = oy * window.strideY - window.top
      for (let ky = firstTap(top); ky < endTap(top, window.kernelHeight, window.height); ky++) {
        for (let kx = 0; kx < taps; kx++) {
          const shift = kx - window.left
          const first = shift < 0 ? (strideX - 1 - shift) / strideX : 0
          const end = min(window.outputWidth, (window.width - 1 - shift + strideX) / strideX)
          const source = pixel(x, image, top + ky, first * strideX + shift, window.height, window.width, channels)
          const gradient = pixel(yGradient, image, oy, first, window.outputHeight, window.outputWidth, channels)
          const target = filterGradient + (<usize>((ky * taps + kx) * channels) << 2)
          addProducts(target, channels, end - first, source, <usize>(strideX * channels) << 2, gradient)
        }
      }
    }
  }
}

/** The first tap through which an output sees padded position `position`. */
// @ts-ignore: decorator
@inline
function firstSeeing(position: i32, stride: i32, outputs: i32): i32 {
  const least = position - (outputs - 1) * stride
  return least >= 0 ? least : position % stride
}

// @ts-ignore: decorator
@inline
function countSeeing(position: i32, first: i32, stride: i32, taps: i32): i32 {
  const last = min(taps - 1, position)
  return last < first ? 0 : (last - first) / stride + 1
}

/** target[c] = bias[c] + sum over countY x countX taps of source[c] * weights[c]; steps in bytes. */
function weightedSum(
  target: usize, channels: i32, bias: usize, relu: bool, countX: i32, countY: i32,
  source: usize, sourceX: i32, sourceY: i32, weights: usize, weightsX: i32, weightsY: i32
): void {
  const least = f32x4.splat(relu ? 0 : -Infinity)
  if (countX <= 0) countY = 0
  let c = 0
  // Sixteen channels are a cache line, and four sums that need not wait for each other. Three taps a turn, as V8 checks the
  // stack at each.
  for (; c + 16 <= channels; c += 16) {
    const offset = <usize>c << 2
    let sum0 = bias ? v128.load(bias + offset) : f32x4.splat(0)
    let sum1 = bias ? v128.load(bias + offset, 16) : f32x4.splat(0)
    let sum2 = bias ? v128.load(bias + offset, 32) : f32x4.splat(0)
    let sum3 = bias ? v128.load(bias + offset, 48) : f32x4.splat(0)
    for (let j = 0; j < countY; j++) {
      let a = source + offset + <usize>(j * sourceY)
      let b = weights + offset + <usize>(j * weightsY)
      for (let left = countX; ; ) {
        sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
        sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
        sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
        sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
        if (--left == 0) break
        a += <usize>sourceX
        b += <usize>weightsX
        sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
        sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
        sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
        sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
        if (--left == 0) break
        a += <usize>sourceX
        b += <usize>weightsX
        sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
        sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
        sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
        sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
        if (--left == 0) break
        a += <usize>sourceX
        b += <usize>weightsX
      }
    }
    v128.store(target + offset, atLeast(least, sum0))
    v128.store(target + offset, atLeast(least, sum1), 16)
    v128.store(target + offset, atLeast(least, sum2), 32)
    v128.store(target + offset, atLeast(least, sum3), 48)
  }
  for (; c + 4 <= channels; c += 4) {
    const offset = <usize>c << 2
    let sum = bias ? v128.load(bias + offset) : f32x4.splat(0)
    for (let j = 0; j < countY; j++) {
      let a = source + offset + <usize>(j * sourceY)
      let b = weights + offset + <usize>(j * weightsY)
      for (let i = 0; i < countX; i++, a += <usize>sourceX, b += <usize>weightsX) {
        sum = multiplyAdd(v128.load(a), v128.load(b), sum)
      }
    }
    v128.store(target + offset, atLeast(least, sum))
  }
  for (; c < channels; c++) {
    const offset = <usize>c << 2
    let sum: f32 = bias ? load<f32>(bias + offset) : 0
    for (let j = 0; j < countY; j++) {
      let a = source + offset + <usize>(j * sourceY)
      let b = weights + offset + <usize>(j * weightsY)
      for (let i = 0; i < countX; i++, a += <usize>sourceX, b += <usize>weightsX) sum += load<f32>(a) * load<f32>(b)
    }
    store<f32>(target + offset, relu ? max<f32>(sum, 0) : sum)
  }
}

/** target[c] += sum over `count` pixels of x[c] * gradient[c]; `stepX` in bytes. */
function addProducts(target: usize, channels: i32, count: i32, x: usize, stepX: usize, gradient: usize): void {
  if (count <= 0) return
  const step = <usize>channels << 2
  let c = 0
  for (; c + 16 <= channels; c += 16, target += 64, x += 64, gradient += 64) {
    let sum0 = v128.load(target)
    let sum1 = v128.load(target, 16)
    let sum2 = v128.load(target, 32)
    let sum3 = v128.load(target, 48)
    let a = x
    let b = gradient
    for (let left = count; ; ) {
      sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
      sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
      sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
      sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
      if (--left == 0) break
      a += stepX
      b += step
      sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
      sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
      sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
      sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
      if (--left == 0) break
      a += stepX
      b += step
      sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
      sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
      sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
      sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
      if (--left == 0) break
      a += stepX
      b += step
      sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0)
      sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1)
      sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2)
      sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3)
      if (--left == 0) break
      a += stepX
      b += step
    }
    v128.store(target, sum0)
    v128.store(target, sum1, 16)
    v128.store(target, sum2, 32)
    v128.store(target, sum3, 48)
  }
  for (; c + 4 <= channels; c += 4, target += 16, x += 16, gradient += 16) {
    let sum = v128.load(target)
    let a = x
    let b = gradient
    for (let i = 0; i < count; i++, a += stepX, b += step) {
      sum = multiplyAdd(v128.load(a), v128.load(b), sum)
    }
    v128.store(target, sum)
  }
  for (; c < channels; c++, target += 4, x += 4, gradient += 4) {
    let sum = load<f32>(target)
    let a = x
    let b = gradient
    for (let i = 0; i < count; i++, a += stepX, b += step) sum += load<f32>(a) * load<f32>(b)
    store<f32>(target, sum)
  }
}
