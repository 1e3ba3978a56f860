import { atLeast } from './bounds'
import { multiplyAdd } from './multiply-add'
import { TILE_COLUMNS } from './tile'

// What relu gave, and gradients behind it, are zero in about half of all places, and a product with zero adds nothing. Which
// values of a row are none is told by one bit each, 64 in a mask; a product then takes only the terms of these.

/** Columns of a product that `multiplyTerms` takes at a time: with one row, as many as V8 keeps in registers. */
export const TERM_COLUMNS: i32 = 2 * TILE_COLUMNS
/** Values that a mask tells of. */
const MASK_BITS: i32 = 64
/** Values that are looked at to tell how many are zero. */
const SAMPLES: i32 = 128
/** Of them, those that must be zero for products that leave them out to be faster. */
const LEAST_ZEROS: i32 = 56

/** Masks that tell of `k` values. */
// @ts-ignore: decorator
@inline
export function maskCount(k: i32): i32 {
  return (k + MASK_BITS - 1) / MASK_BITS
}

/** Whether so many values of a matrix are zero that `multiplyTerms` is the faster way; strides in floats. */
export function hasManyZeros(matrix: usize, rows: i32, columns: i32, row: i32, column: i32): bool {
  const step = rows * columns / SAMPLES | 1
  const down = step / columns
  const right = step % columns
  let i = 0
  let j = 0
  let zeros = 0
  for (let sample = 0; sample < SAMPLES; sample++) {
    if (i >= rows) i = 0
    zeros += i32(load<f32>(matrix + (<usize>(i * row + j * column) << 2)) == 0)
    i += down
    j += right
    if (j >= columns) {
      j -= columns
      i++
    }
  }
  return zeros >= LEAST_ZEROS
}

/**
 * Write the masks of rows: bit j of a mask is set where value j is not zero.
 *
 * Reads up to three floats beyond a row, or beyond the last row when it goes by columns.
 *
 * @param row - floats between the starts of two rows
 * @param column - floats between two values of a row; one of both is 1
 * @param masks - written: `maskCount(k)` a row, and of up to three rows more
 */
export function findTerms(matrix: usize, row: i32, column: i32, rows: i32, k: i32, masks: usize): void {
  const pitch = <usize>maskCount(k) << 3
  if (column == 1) {
    for (let i = 0; i < rows; i++, matrix += <usize>row << 2, masks += pitch) findAlong(matrix, k, masks)
  } else {
    for (let i = 0; i < rows; i += 4, matrix += 16, masks += 4 * pitch) findAcross(matrix, <usize>column << 2, k, masks, pitch)
  }
}

/**
 * A row of a product, 32 columns wide: c = start + a * b, then relu. Sums ascend as those of `multiplyRows`, and so are the same.
 *
 * A row a call, as V8 would unroll a loop deeper inside, and registers would run out.
 *
 * @param groups - masks of the row
 * @param along - bytes between two values of `a`
 * @param b - two packed strips, `strip` bytes apart
 * @param start - address of what the sums begin with, or 0
 */
export function multiplyTerms(
  groups: i32, masks: usize, a: usize, along: usize, b: usize, strip: usize, start: usize, c: usize, relu: bool
): void {
  let c0 = f32x4.splat(0)
  let c1 = c0
  let c2 = c0
  let c3 = c0
  let c4 = c0
  let c5 = c0
  let c6 = c0
  let c7 = c0
  if (start) {
    c0 = v128.load(start)
    c1 = v128.load(start, 16)
    c2 = v128.load(start, 32)
    c3 = v128.load(start, 48)
    c4 = v128.load(start, 64)
    c5 = v128.load(start, 80)
    c6 = v128.load(start, 96)
    c7 = v128.load(start, 112)
  }
  for (; groups > 0; groups--) {
    // V8 loads all that a stretch of code without a branch needs before it computes: the way out between the two strips keeps
    // the registers from running out.
    let mask = load<u64>(masks)
    while (mask != 0) {
      const i = <usize>ctz(mask)
      mask &= mask - 1
      const x = v128.load32_splat(a + i * along)
      const b0 = b + (i << 6)
      const b1 = b0 + strip
      c0 = multiplyAdd(x, v128.load(b0), c0)
      c1 = multiplyAdd(x, v128.load(b0, 16), c1)
      c2 = multiplyAdd(x, v128.load(b0, 32), c2)
      c3 = multiplyAdd(x, v128.load(b0, 48), c3)
      if (mask == 0) {
        c4 = multiplyAdd(x, v128.load(b1), c4)
        c5 = multiplyAdd(x, v128.load(b1, 16), c5)
        c6 = multiplyAdd(x, v128.load(b1, 32), c6)
        c7 = multiplyAdd(x, v128.load(b1, 48), c7)
        break
      }
      c4 = multiplyAdd(x, v128.load(b1), c4)
      c5 = multiplyAdd(x, v128.load(b1, 16), c5)
      c6 = multiplyAdd(x, v128.load(b1, 32), c6)
      c7 = multiplyAdd(x, v128.load(b1, 48), c7)
    }
    masks += 8
    a += <usize>MASK_BITS * along
    b += MASK_BITS * TILE_COLUMNS << 2
  }
  const least = f32x4.splat(relu ? 0 : -Infinity)
  v128.store(c, atLeast(least, c0))
  v128.store(c, atLeast(least, c1), 16)
  v128.store(c, atLeast(least, c2), 32)
  v128.store(c, atLeast(least, c3), 48)
  v128.store(c, atLeast(least, c4), 64)
  v128.store(c, atLeast(least, c5), 80)
  v128.store(c, atLeast(least, c6), 96)
  v128.store(c, atLeast(least, c7), 112)
}

/** The masks of one row, whose values lie side by side. */
function findAlong(row: usize, k: i32, masks: usize): void {
  const zero = f32x4.splat(0)
  for (; k > 0; k -= MASK_BITS, masks += 8) {
    const bits = min(k, MASK_BITS)
    let mask: u64 = 0
    for (let bit = 0; bit < bits; bit += 4, row += 16) {
      mask |= <u64>i32x4.bitmask(f32x4.ne(v128.load(row), zero)) << <u64>bit
    }
    store<u64>(masks, mask & ~(<u64>0) >> <u64>(MASK_BITS - bits))
  }
}

/** The masks of four rows, whose values with the same index lie side by side. */
function findAcross(rows: usize, along: usize, k: i32, masks: usize, pitch: usize): void {
  const zero = f32x4.splat(0)
  for (; k > 0; k -= MASK_BITS, masks += 8) {
    for (let half: usize = 0; half < 8; half += 4) {
      const bits = min(k - <i32>(half << 3), 32)
      let mask = zero
      let bit = i32x4.splat(1)
      for (let i = 0; i < bits; i++, rows += along) {
        mask = v128.or(mask, v128.and(bit, f32x4.ne(v128.load(rows), zero)))
        bit = i32x4.add(bit, bit)
      }
      const target = masks + half
      v128.store_lane<i32>(target, mask, 0)
      v128.store_lane<i32>(target + pitch, mask, 1)
      v128.store_lane<i32>(target + 2 * pitch, mask, 2)
      v128.store_lane<i32>(target + 3 * pitch, mask, 3)
    }
  }
}
