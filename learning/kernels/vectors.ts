// Lengths are those of the values that count; up to three floats past them are read, and written where it says so.

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

/**
 * x += weight * (theirs - ours). What lies past the ends of `theirs` and `ours` is zero; x is written there.
 *
 * @returns ||theirs - ours||^2
 */
export function moveTowards(x: usize, weight: f32, ours: usize, theirs: usize, length: i32): f64 {
  const weights = f32x4.splat(weight)
  const end = x + (<usize>length << 2)
  let squares = f64x2.splat(0)
  let others = f64x2.splat(0)
  for (; x < end; x += 16, ours += 16, theirs += 16) {
    const difference = f32x4.sub(v128.load(theirs), v128.load(ours))
    v128.store(x, f32x4.add(v128.load(x), f32x4.mul(weights, difference)))
    const low = f64x2.promote_low_f32x4(difference)
    const high = f64x2.promote_low_f32x4(i8x16.shuffle(difference, difference, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
    squares = f64x2.add(squares, f64x2.mul(low, low))
    others = f64x2.add(others, f64x2.mul(high, high))
  }
  const sum = f64x2.add(squares, others)
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
}
