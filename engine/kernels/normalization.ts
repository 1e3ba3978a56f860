import { atLeast } from './bounds'
import { columnSquares, columnSums, cutColumnProducts } from './column-sums'
import { add, div, mul, splat, sqrt, sub, zero } from './lanes'
import { multiplyAdd } from './multiply-add'
import { addRow } from './rows'

// Batch and group normalisation are one computation: the values lie as blocks x positions x channels, and the channels of
// a group share mean and variance within a block. Batch normalisation has one block and each channel its own group; group
// normalisation has a block an example.

/** Mean and (biased) variance of each group, written for each channel: blocks x channels floats each. */
export function moments(
  x: usize, blocks: i32, positions: i32, channels: i32, groups: i32, mean: usize, variance: usize
): void {
  const row = <usize>channels << 2
  const share: f32 = 1 / (<f32>positions * <f32>(channels / groups))
  for (let block = 0; block < blocks; block++, mean += row, variance += row) {
    columnSums(x, positions, channels, mean)
    poolGroups(mean, channels, groups, share)
    columnSquares(x, positions, channels, mean, variance)
    poolGroups(variance, channels, groups, share)
    x += <usize>positions * row
  }
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, then relu.
 *
 * @param scratch - room for channels floats
 */
export function normalize(
  x: usize, blocks: i32, positions: i32, channels: i32, mean: usize, variance: usize, epsilon: f32,
  gamma: usize, beta: usize, y: usize, relu: bool, scratch: usize
): void {
  const row = <usize>channels << 2
  const least = f32x4.splat(relu ? 0 : -Infinity)
  for (let block = 0; block < blocks; block++, mean += row, variance += row) {
    let at: usize = 0
    for (; at + 16 <= row; at += 16) writeScale<v128>(scratch + at, gamma + at, variance + at, epsilon)
    for (; at < row; at += 4) writeScale<f32>(scratch + at, gamma + at, variance + at, epsilon)
    let left = positions
    // What belongs to a channel is loaded once for four positions.
    for (; left >= 4; left -= 4, x += 4 * row, y += 4 * row) {
      for (at = 0; at + 16 <= row; at += 16) {
        const m = v128.load(mean + at)
        const a = v128.load(scratch + at)
        const b = v128.load(beta + at)
        normalizeVector(x + at, y + at, m, a, b, least)
        normalizeVector(x + at + row, y + at + row, m, a, b, least)
        normalizeVector(x + at + 2 * row, y + at + 2 * row, m, a, b, least)
        normalizeVector(x + at + 3 * row, y + at + 3 * row, m, a, b, least)
      }
      for (; at < row; at += 4) {
        for (let i = at; i < 4 * row; i += row) normalizeValue(x + i, y + i, mean + at, scratch + at, beta + at, relu)
      }
    }
    for (; left > 0; left--, x += row, y += row) {
      for (at = 0; at + 16 <= row; at += 16) {
        normalizeVector(x + at, y + at, v128.load(mean + at), v128.load(scratch + at), v128.load(beta + at), least)
      }
      for (; at < row; at += 4) normalizeValue(x + at, y + at, mean + at, scratch + at, beta + at, relu)
    }
  }
}

/**
 * Gradients of `normalize` with the moments of x itself.
 *
 * With xhat the normalised x and s = gamma * yGradient, xGradient = (s - mean(s) - xhat * mean(s * xhat)) / deviation, the
 * means being over a group.
 *
 * @param yGradient - set to zero first wherever the activation is zero
 * @param activation - y after relu, or 0: without relu
 * @param xGradient - or 0; may be yGradient
 * @param scratch - room for 5 x channels floats
 */
export function normalizeGradient(
  x: usize, yGradient: usize, activation: usize, blocks: i32, positions: i32, channels: i32, groups: i32,
  mean: usize, variance: usize, epsilon: f32, gamma: usize,
  xGradient: usize, gammaGradient: usize, betaGradient: usize, scratch: usize
): void {
  const row = <usize>channels << 2
  const share: f32 = 1 / (<f32>positions * <f32>(channels / groups))
  const sums = scratch
  const products = sums + row
  const scale = products + row
  const shift = scale + row
  const slope = shift + row
  memory.fill(gammaGradient, 0, row)
  memory.fill(betaGradient, 0, row)
  for (let block = 0; block < blocks; block++, mean += row, variance += row) {
    cutColumnProducts(yGradient, activation, x, positions, channels, mean, sums, products)
    let at: usize = 0
    for (; at + 16 <= row; at += 16) weigh<v128>(at, variance, epsilon, gamma, sums, products, scale, shift, slope)
    for (; at < row; at += 4) weigh<f32>(at, variance, epsilon, gamma, sums, products, scale, shift, slope)
    addRow(betaGradient, sums, channels)
    addRow(gammaGradient, products, channels)
    if (xGradient) {
      poolGroups(shift, channels, groups, share)
      poolGroups(slope, channels, groups, share)
      for (at = 0; at + 16 <= row; at += 16) unscale<v128>(shift + at, slope + at, variance + at, epsilon)
      for (; at < row; at += 4) unscale<f32>(shift + at, slope + at, variance + at, epsilon)
      combine(xGradient, yGradient, x, positions, channels, mean, scale, shift, slope)
      xGradient += <usize>positions * row
    }
    x += <usize>positions * row
    yGradient += <usize>positions * row
    if (activation) activation += <usize>positions * row
  }
}

// @ts-ignore: decorator
@inline
function writeScale<T>(target: usize, gamma: usize, variance: usize, epsilon: f32): void {
  store<T>(target, mul<T>(load<T>(gamma), inverseDeviation<T>(variance, epsilon)))
}

// @ts-ignore: decorator
@inline
function normalizeVector(x: usize, y: usize, mean: v128, scale: v128, beta: v128, least: v128): void {
  v128.store(y, atLeast(least, multiplyAdd(f32x4.sub(v128.load(x), mean), scale, beta)))
}

// @ts-ignore: decorator
@inline
function normalizeValue(x: usize, y: usize, mean: usize, scale: usize, beta: usize, relu: bool): void {
  const value = (load<f32>(x) - load<f32>(mean)) * load<f32>(scale) + load<f32>(beta)
  store<f32>(y, relu ? max<f32>(value, 0) : value)
}

/** The channels at `at`: normalise their products, and weigh sums and products by gamma. */
// @ts-ignore: decorator
@inline
function weigh<T>(
  at: usize, variance: usize, epsilon: f32, gamma: usize, sums: usize, products: usize, scale: usize, shift: usize, slope: usize
): void {
  const inverse = inverseDeviation<T>(variance + at, epsilon)
  const weight = load<T>(gamma + at)
  const product = mul<T>(load<T>(products + at), inverse)
  store<T>(products + at, product)
  store<T>(scale + at, mul<T>(weight, inverse))
  store<T>(shift + at, mul<T>(weight, load<T>(sums + at)))
  store<T>(slope + at, mul<T>(weight, product))
}

// @ts-ignore: decorator
@inline
function unscale<T>(shift: usize, slope: usize, variance: usize, epsilon: f32): void {
  const inverse = inverseDeviation<T>(variance, epsilon)
  const away = sub<T>(zero<T>(), inverse)
  store<T>(shift, mul<T>(load<T>(shift), away))
  store<T>(slope, mul<T>(mul<T>(load<T>(slope), inverse), away))
}

// @ts-ignore: decorator
@inline
function inverseDeviation<T>(variance: usize, epsilon: f32): T {
  return div<T>(splat<T>(1), sqrt<T>(add<T>(load<T>(variance), splat<T>(epsilon))))
}

/** Replace each channel's value by `share` times the sum over its group. */
function poolGroups(values: usize, channels: i32, groups: i32, share: f32): void {
  const size = channels / groups
  for (let group = 0; group < groups; group++, values += <usize>size << 2) {
    let sum: f32 = 0
    for (let i = 0; i < size; i++) sum += load<f32>(values + (<usize>i << 2))
    for (let i = 0; i < size; i++) store<f32>(values + (<usize>i << 2), sum * share)
  }
}

/** target[c] = scale[c] gradient[c] + slope[c] (x[c] - mean[c]) + shift[c], at each position. */
function combine(
  target: usize, gradient: usize, x: usize, positions: i32, channels: i32, mean: usize, scale: usize, shift: usize, slope: usize
): void {
  const row = <usize>channels << 2
  // What belongs to a channel is loaded once for two positions.
  for (; positions >= 2; positions -= 2, target += 2 * row, gradient += 2 * row, x += 2 * row) {
    let at: usize = 0
    for (; at + 16 <= row; at += 16) {
      const m = v128.load(mean + at)
      const a = v128.load(scale + at)
      const b = v128.load(shift + at)
      const c = v128.load(slope + at)
      combineVector(target + at, gradient + at, x + at, m, a, b, c)
      combineVector(target + at + row, gradient + at + row, x + at + row, m, a, b, c)
    }
    for (; at < row; at += 4) {
      combineValue(target + at, gradient + at, x + at, mean + at, scale + at, shift + at, slope + at)
      combineValue(target + at + row, gradient + at + row, x + at + row, mean + at, scale + at, shift + at, slope + at)
    }
  }
  if (positions == 0) return
  let at: usize = 0
  for (; at + 16 <= row; at += 16) {
    const m = v128.load(mean + at)
    combineVector(target + at, gradient + at, x + at, m, v128.load(scale + at), v128.load(shift + at), v128.load(slope + at))
  }
  for (; at < row; at += 4) {
    combineValue(target + at, gradient + at, x + at, mean + at, scale + at, shift + at, slope + at)
  }
}

// @ts-ignore: decorator
@inline
function combineVector(target: usize, gradient: usize, x: usize, mean: v128, scale: v128, shift: v128, slope: v128): void {
  const value = multiplyAdd(f32x4.sub(v128.load(x), mean), slope, shift)
  v128.store(target, multiplyAdd(v128.load(gradient), scale, value))
}

// @ts-ignore: decorator
@inline
function combineValue(
  target: usize, gradient: usize, x: usize, mean: usize, scale: usize, shift: usize, slope: usize
): void {
  const value = (load<f32>(x) - load<f32>(mean)) * load<f32>(slope) + load<f32>(shift)
  store<f32>(target, value + load<f32>(scale) * load<f32>(gradient))
}
