import { atLeast } from './bounds'
import { columnProducts, columnSums } from './column-sums'
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
    columnProducts(0, x, positions, channels, mean, variance)
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
    for (let at: usize = 0; at < row; at += 4) {
      store<f32>(scratch + at, load<f32>(gamma + at) * inverseDeviation(variance + at, epsilon))
    }
    for (let i = 0; i < positions; i++, x += row, y += row) {
      let at: usize = 0
      for (; at + 16 <= row; at += 16) {
        const centred = f32x4.sub(v128.load(x + at), v128.load(mean + at))
        const value = f32x4.add(f32x4.mul(centred, v128.load(scratch + at)), v128.load(beta + at))
        v128.store(y + at, atLeast(least, value))
      }
      for (; at < row; at += 4) {
        const centred = load<f32>(x + at) - load<f32>(mean + at)
        const value = centred * load<f32>(scratch + at) + load<f32>(beta + at)
        store<f32>(y + at, relu ? max<f32>(value, 0) : value)
      }
    }
  }
}

/**
 * Gradients of `normalize` with the moments of x itself.
 *
 * With xhat the normalised x and s = gamma * yGradient, xGradient = (s - mean(s) - xhat * mean(s * xhat)) / deviation, the
 * means being over a group.
 *
 * @param xGradient - or 0; may be yGradient
 * @param scratch - room for 5 x channels floats
 */
export function normalizeGradient(
  x: usize, yGradient: usize, blocks: i32, positions: i32, channels: i32, groups: i32,
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
    columnSums(yGradient, positions, channels, sums)
    columnProducts(yGradient, x, positions, channels, mean, products)
    for (let at: usize = 0; at < row; at += 4) {
      const inverse = inverseDeviation(variance + at, epsilon)
      const weight = load<f32>(gamma + at)
      store<f32>(products + at, load<f32>(products + at) * inverse)
      store<f32>(scale + at, weight * inverse)
      store<f32>(shift + at, weight * load<f32>(sums + at))
      store<f32>(slope + at, weight * load<f32>(products + at))
    }
    addRow(betaGradient, sums, channels)
    addRow(gammaGradient, products, channels)
    if (xGradient) {
      poolGroups(shift, channels, groups, share)
      poolGroups(slope, channels, groups, share)
      for (let at: usize = 0; at < row; at += 4) {
        const inverse = inverseDeviation(variance + at, epsilon)
        store<f32>(shift + at, load<f32>(shift + at) * inverse)
        store<f32>(slope + at, load<f32>(slope + at) * inverse * inverse)
      }
      combine(xGradient, yGradient, x, positions, channels, mean, scale, shift, slope)
      xGradient += <usize>positions * row
    }
    x += <usize>positions * row
    yGradient += <usize>positions * row
  }
}

// @ts-ignore: decorator
@inline
function inverseDeviation(variance: usize, epsilon: f32): f32 {
  return 1 / sqrt<f32>(load<f32>(variance) + epsilon)
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

/** target[c] = scale[c] gradient[c] - shift[c] - slope[c] (x[c] - mean[c]), at each position. */
function combine(
  target: usize, gradient: usize, x: usize, positions: i32, channels: i32, mean: usize, scale: usize, shift: usize, slope: usize
): void {
  const row = <usize>channels << 2
  // What belongs to a channel is loaded once for four positions.
  for (; positions >= 4; positions -= 4) {
    let at: usize = 0
    for (; at + 16 <= row; at += 16, target += 16, gradient += 16, x += 16) {
      const m = v128.load(mean + at)
      const a = v128.load(scale + at)
      const b = v128.load(shift + at)
      const c = v128.load(slope + at)
      combineVector(target, gradient, x, m, a, b, c)
      combineVector(target + row, gradient + row, x + row, m, a, b, c)
      combineVector(target + 2 * row, gradient + 2 * row, x + 2 * row, m, a, b, c)
      combineVector(target + 3 * row, gradient + 3 * row, x + 3 * row, m, a, b, c)
    }
    for (; at < row; at += 4, target += 4, gradient += 4, x += 4) {
      for (let i: usize = 0; i < 4 * row; i += row) {
        combineValue(target + i, gradient + i, x + i, mean + at, scale + at, shift + at, slope + at)
      }
    }
    target += 3 * row
    gradient += 3 * row
    x += 3 * row
  }
  for (; positions > 0; positions--) {
    let at: usize = 0
    for (; at + 16 <= row; at += 16, target += 16, gradient += 16, x += 16) {
      const m = v128.load(mean + at)
      combineVector(target, gradient, x, m, v128.load(scale + at), v128.load(shift + at), v128.load(slope + at))
    }
    for (; at < row; at += 4, target += 4, gradient += 4, x += 4) {
      combineValue(target, gradient, x, mean + at, scale + at, shift + at, slope + at)
    }
  }
}

// @ts-ignore: decorator
@inline
function combineVector(target: usize, gradient: usize, x: usize, mean: v128, scale: v128, shift: v128, slope: v128): void {
  const value = f32x4.sub(f32x4.mul(scale, v128.load(gradient)), shift)
  v128.store(target, f32x4.sub(value, f32x4.mul(slope, f32x4.sub(v128.load(x), mean))))
}

// @ts-ignore: decorator
@inline
function combineValue(
  target: usize, gradient: usize, x: usize, mean: usize, scale: usize, shift: usize, slope: usize
): void {
  const value = load<f32>(scale) * load<f32>(gradient) - load<f32>(shift)
  store<f32>(target, value - load<f32>(slope) * (load<f32>(x) - load<f32>(mean)))
}
