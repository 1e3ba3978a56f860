import { atLeast } from './bounds'

// Transforms of Winograd's convolution along a line (winograd.ts), four channels at a time. A line of values is taken as
// the coefficients of a polynomial; its values at p and -p are the sum and the difference of its even and odd terms.

/** 0, 1, -1, 2, -2, 1/2, -1/2 and infinity, in this order. */
export const POINTS: i32 = 8

/** What makes the filter's polynomial exact at the points 0, +-1, +-2, +-1/2; at infinity it is 1. */
const SHARE_1: f32 = -2.0 / 9.0
const SHARE_2: f32 = 1.0 / 90.0
const SHARE_HALF: f32 = 32.0 / 45.0

/** B^T: eight neighbouring pixels, `step` bytes apart, become values at the points, `pitch` bytes apart. */
// @ts-ignore: decorator
@inline
export function transformInput(pixels: usize, step: usize, values: usize, pitch: usize): void {
  const d0 = v128.load(pixels)
  const d1 = v128.load(pixels + step)
  const d2 = v128.load(pixels + 2 * step)
  const d3 = v128.load(pixels + 3 * step)
  const d4 = v128.load(pixels + 4 * step)
  const d5 = v128.load(pixels + 5 * step)
  const d6 = v128.load(pixels + 6 * step)
  const d7 = v128.load(pixels + 7 * step)
  v128.store(values, f32x4.add(f32x4.sub(d0, d6), times(5.25, f32x4.sub(d4, d2))))
  values = storeBoth(
    values + pitch, pitch,
    f32x4.sub(f32x4.add(d2, d6), times(4.25, d4)),
    f32x4.sub(f32x4.add(d1, d5), times(4.25, d3))
  )
  values = storeBoth(
    values, pitch,
    f32x4.add(d6, f32x4.sub(times(0.25, d2), times(1.25, d4))),
    f32x4.add(f32x4.sub(times(0.5, d1), times(2.5, d3)), times(2, d5))
  )
  values = storeBoth(
    values, pitch,
    f32x4.add(d6, f32x4.sub(times(4, d2), times(5, d4))),
    f32x4.add(f32x4.sub(times(2, d1), times(2.5, d3)), times(0.5, d5))
  )
  v128.store(values, f32x4.add(f32x4.sub(d7, d1), times(5.25, f32x4.sub(d3, d5))))
}

/**
 * B: values at the points become gradients of the pixels that they came from.
 *
 * @param shared - so many pixels, 2 or 4, have a gradient from the tile before, to which theirs is added
 */
// @ts-ignore: decorator
@inline
export function transformInputGradient(values: usize, pitch: usize, shared: i32, pixels: usize, step: usize): void {
  const v0 = v128.load(values)
  const plus1 = v128.load(values + pitch)
  const minus1 = v128.load(values + 2 * pitch)
  const plus2 = v128.load(values + 3 * pitch)
  const minus2 = v128.load(values + 4 * pitch)
  const plus3 = v128.load(values + 5 * pitch)
  const minus3 = v128.load(values + 6 * pitch)
  const v7 = v128.load(values + 7 * pitch)
  const s1 = f32x4.add(plus1, minus1)
  const s2 = f32x4.add(plus2, minus2)
  const s3 = f32x4.add(plus3, minus3)
  const t1 = f32x4.sub(plus1, minus1)
  const t2 = f32x4.sub(plus2, minus2)
  const t3 = f32x4.sub(plus3, minus3)
  add(pixels, v0)
  add(pixels + step, f32x4.add(f32x4.sub(t1, v7), f32x4.add(times(0.5, t2), times(2, t3))))
  addIf(shared > 2, pixels + 2 * step, f32x4.add(f32x4.sub(s1, times(5.25, v0)), f32x4.add(times(0.25, s2), times(4, s3))))
  addIf(shared > 2, pixels + 3 * step, f32x4.sub(f32x4.sub(times(5.25, v7), times(4.25, t1)), times(2.5, f32x4.add(t2, t3))))
  v128.store(
    pixels + 4 * step,
    f32x4.sub(f32x4.sub(times(5.25, v0), times(4.25, s1)), f32x4.add(times(1.25, s2), times(5, s3)))
  )
  v128.store(pixels + 5 * step, f32x4.add(f32x4.sub(t1, times(5.25, v7)), f32x4.add(times(2, t2), times(0.5, t3))))
  v128.store(pixels + 6 * step, f32x4.add(f32x4.sub(s1, v0), f32x4.add(s2, s3)))
  v128.store(pixels + 7 * step, v7)
}

/**
 * A^T: values at the points become neighbouring outputs, with a bias and at least `least`.
 *
 * @param outputs - an even number, at most 6
 */
// @ts-ignore: decorator
@inline
export function transformOutput(
  values: usize, pitch: usize, outputs: i32, bias: v128, least: v128, target: usize, step: usize
): void {
  const plus1 = v128.load(values + pitch)
  const minus1 = v128.load(values + 2 * pitch)
  const plus2 = v128.load(values + 3 * pitch)
  const minus2 = v128.load(values + 4 * pitch)
  const plus3 = v128.load(values + 5 * pitch)
  const minus3 = v128.load(values + 6 * pitch)
  const s1 = f32x4.add(plus1, minus1)
  let s2 = f32x4.add(plus2, minus2)
  let s3 = f32x4.add(plus3, minus3)
  const t1 = f32x4.sub(plus1, minus1)
  let t2 = times(2, f32x4.sub(plus2, minus2))
  let t3 = times(0.5, f32x4.sub(plus3, minus3))
  let first = v128.load(values)
  for (let i = 0; i < outputs; i += 2, target += 2 * step) {
    const last = i + 2 == outputs ? v128.load(values + 7 * pitch) : f32x4.splat(0)
    const even = f32x4.add(f32x4.add(first, s1), f32x4.add(s2, s3))
    const odd = f32x4.add(f32x4.add(last, t1), f32x4.add(t2, t3))
    v128.store(target, atLeast(least, f32x4.add(even, bias)))
    v128.store(target + step, atLeast(least, f32x4.add(odd, bias)))
    first = f32x4.splat(0)
    s2 = times(4, s2)
    t2 = times(4, t2)
    s3 = times(0.25, s3)
    t3 = times(0.25, t3)
  }
}

/**
 * A: gradients of neighbouring outputs become values at the points.
 *
 * @param outputs - 4 or 6
 */
// @ts-ignore: decorator
@inline
export function transformOutputGradient(
  gradients: usize, step: usize, outputs: i32, values: usize, pitch: usize
): void {
  const g0 = v128.load(gradients)
  const g1 = v128.load(gradients + step)
  const g2 = v128.load(gradients + 2 * step)
  const g3 = v128.load(gradients + 3 * step)
  let even1 = f32x4.add(g0, g2)
  let even2 = f32x4.add(g0, times(4, g2))
  let even3 = f32x4.add(g0, times(0.25, g2))
  let odd1 = f32x4.add(g1, g3)
  let odd2 = f32x4.add(times(2, g1), times(8, g3))
  let odd3 = f32x4.add(times(0.5, g1), times(0.125, g3))
  let last = g3
  if (outputs > 4) {
    const g4 = v128.load(gradients + 4 * step)
    last = v128.load(gradients + 5 * step)
    even1 = f32x4.add(even1, g4)
    even2 = f32x4.add(even2, times(16, g4))
    even3 = f32x4.add(even3, times(0.0625, g4))
    odd1 = f32x4.add(odd1, last)
    odd2 = f32x4.add(odd2, times(32, last))
    odd3 = f32x4.add(odd3, times(0.03125, last))
  }
  v128.store(values, g0)
  values = storeBoth(values + pitch, pitch, even1, odd1)
  values = storeBoth(values, pitch, even2, odd2)
  values = storeBoth(values, pitch, even3, odd3)
  v128.store(values, last)
}

/** G: the taps of a filter, `step` bytes apart, become values at the points. */
export function transformTaps(weights: usize, step: usize, taps: i32, values: usize, pitch: usize): void {
  v128.store(values, v128.load(weights))
  values = tapsAt(weights, step, taps, 1, SHARE_1, values + pitch, pitch)
  values = tapsAt(weights, step, taps, 2, SHARE_2, values, pitch)
  values = tapsAt(weights, step, taps, 0.5, SHARE_HALF, values, pitch)
  v128.store(values, v128.load(weights + <usize>(taps - 1) * step))
}

/** G^T: values at the points become the gradient of each tap. */
export function transformTapsGradient(values: usize, pitch: usize, taps: i32, gradient: usize, step: usize): void {
  for (let tap = 0; tap < taps; tap++, gradient += step) {
    let sum = f32x4.splat(0)
    if (tap == 0) sum = v128.load(values)
    if (tap == taps - 1) sum = v128.load(values + 7 * pitch)
    let power2 = SHARE_2
    let powerHalf = SHARE_HALF
    for (let i = 0; i < tap; i++) {
      power2 *= 2
      powerHalf *= 0.5
    }
    const odd = (tap & 1) == 1
    sum = f32x4.add(sum, times(SHARE_1, bothAt(values + pitch, pitch, odd)))
    sum = f32x4.add(sum, times(power2, bothAt(values + 3 * pitch, pitch, odd)))
    sum = f32x4.add(sum, times(powerHalf, bothAt(values + 5 * pitch, pitch, odd)))
    v128.store(gradient, sum)
  }
}

/** @returns where the next values belong */
function tapsAt(
  weights: usize, step: usize, taps: i32, point: f32, share: f32, values: usize, pitch: usize
): usize {
  let even = f32x4.splat(0)
  let odd = even
  let power = share
  for (let tap = 0; tap < taps; tap++, weights += step, power *= point) {
    const term = times(power, v128.load(weights))
    if (tap & 1) odd = f32x4.add(odd, term)
    else even = f32x4.add(even, term)
  }
  return storeBoth(values, pitch, even, odd)
}

/** Store the values at p and -p, told by even and odd terms. */
// @ts-ignore: decorator
@inline
function storeBoth(values: usize, pitch: usize, even: v128, odd: v128): usize {
  v128.store(values, f32x4.add(even, odd))
  v128.store(values + pitch, f32x4.sub(even, odd))
  return values + 2 * pitch
}

/** Sum, or difference, of the values at p and -p. */
// @ts-ignore: decorator
@inline
function bothAt(values: usize, pitch: usize, odd: bool): v128 {
  const plus = v128.load(values)
  const minus = v128.load(values + pitch)
  return odd ? f32x4.sub(plus, minus) : f32x4.add(plus, minus)
}

// @ts-ignore: decorator
@inline
function add(target: usize, value: v128): void {
  v128.store(target, f32x4.add(v128.load(target), value))
}

// @ts-ignore: decorator
@inline
function addIf(adds: bool, target: usize, value: v128): void {
  if (adds) add(target, value)
  else v128.store(target, value)
}

// @ts-ignore: decorator
@inline
function times(factor: f32, value: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), value)
}
