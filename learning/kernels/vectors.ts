// Lengths are those of the values that count; up to three floats past them are read, and written where it says so.

/** A sum of squares beside which those that are too small for float32 are nothing. */
const LEAST_SQUARES: f64 = 1e-25

/** Whether no value is NaN or infinite. */
export function allFinite(values: usize, length: i32): bool {
  const zero = f32x4.splat(0)
  // 0 times what is not finite is NaN, and stays so whatever is added. Four sums: an addition need not wait for the one before.
  let first = zero
  let second = zero
  let third = zero
  let fourth = zero
  let left = length
  for (; left >= 16; left -= 16, values += 64) {
    first = f32x4.add(first, f32x4.mul(v128.load(values), zero))
    second = f32x4.add(second, f32x4.mul(v128.load(values, 16), zero))
    third = f32x4.add(third, f32x4.mul(v128.load(values, 32), zero))
    fourth = f32x4.add(fourth, f32x4.mul(v128.load(values, 48), zero))
  }
  const sum = f32x4.add(f32x4.add(first, second), f32x4.add(third, fourth))
  let rest = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
  for (; left > 0; left--, values += 4) rest += load<f32>(values) * 0
  return rest == 0
}

/** x += y - base; writes past the end. */
export function addDifference(x: usize, y: usize, base: usize, length: i32): void {
  const end = x + (<usize>length << 2)
  for (; x < end; x += 16, y += 16, base += 16) {
    v128.store(x, f32x4.add(v128.load(x), f32x4.sub(v128.load(y), v128.load(base))))
  }
}

/** Four of `moveTowards`. @returns the squares of the differences */
// @ts-ignore: decorator
@inline
function moveFour(x: usize, weights: v128, ours: usize, theirs: usize): v128 {
  const difference = f32x4.sub(v128.load(theirs), v128.load(ours))
  v128.store(x, f32x4.add(v128.load(x), f32x4.mul(weights, difference)))
  return f32x4.mul(difference, difference)
}

/** Two float64 of four float32. */
// @ts-ignore: decorator
@inline
function pairsOf(four: v128): v128 {
  const upper = i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
  return f64x2.add(f64x2.promote_low_f32x4(four), f64x2.promote_low_f32x4(upper))
}

/** ||theirs - ours||^2 where float32 is too narrow for squares. */
function farDistance(ours: usize, theirs: usize, length: i32): f64 {
  let squares: f64 = 0
  for (let i = 0; i < length; i++, ours += 4, theirs += 4) {
    const difference = <f64>(load<f32>(theirs) - load<f32>(ours))
    squares += difference * difference
  }
  return squares
}

/**
 * x += weight * (theirs - ours). What lies past the ends of `theirs` and `ours` is zero; x is written there.
 *
 * @returns ||theirs - ours||^2: squares and sums of two are float32, the sum of those is float64
 */
export function moveTowards(x: usize, weight: f32, ours: usize, theirs: usize, length: i32): f64 {
  const weights = f32x4.splat(weight)
  const end = <usize>((length + 3) & ~3) << 2
  let squares = f64x2.splat(0)
  let at: usize = 0
  for (; at + 32 <= end; at += 32) {
    const first = moveFour(x + at, weights, ours + at, theirs + at)
    const second = moveFour(x + at + 16, weights, ours + at + 16, theirs + at + 16)
    squares = f64x2.add(squares, pairsOf(f32x4.add(first, second)))
  }
  if (at < end) squares = f64x2.add(squares, pairsOf(moveFour(x + at, weights, ours + at, theirs + at)))
  const sum = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1)
  return sum > LEAST_SQUARES && sum < Infinity ? sum : farDistance(ours, theirs, length)
}
