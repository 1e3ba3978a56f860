import { atLeast, atMost } from './bounds'

// Lengths here are multiples of four: the plan rounds its buffers up, and what lies past the end is zero.

/** Squared Euclidean norm, summed in double precision. */
export function squaredNorm(x: usize, length: i32): f64 {
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  const end = x + (<usize>length << 2)
  for (; x < end; x += 16) {
    const values = v128.load(x)
    const first = f64x2.promote_low_f32x4(values)
    const second = f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 0, 1))
    low = f64x2.add(low, f64x2.mul(first, first))
    high = f64x2.add(high, f64x2.mul(second, second))
  }
  const sum = f64x2.add(low, high)
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
}

/** x *= factor */
export function scale(x: usize, factor: f32, length: i32): void {
  const factors = f32x4.splat(factor)
  const end = x + (<usize>length << 2)
  for (; x < end; x += 16) v128.store(x, f32x4.mul(v128.load(x), factors))
}

/** y += factor * x */
export function addScaled(x: usize, factor: f32, y: usize, length: i32): void {
  const factors = f32x4.splat(factor)
  const end = x + (<usize>length << 2)
  for (; x < end; x += 16, y += 16) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(factors, v128.load(x))))
  }
}

/** Cut each value at -most and most. */
export function clip(x: usize, most: f32, length: i32): void {
  const highest = f32x4.splat(most)
  const lowest = f32x4.splat(-most)
  const end = x + (<usize>length << 2)
  for (; x < end; x += 16) v128.store(x, atLeast(lowest, atMost(highest, v128.load(x))))
}
