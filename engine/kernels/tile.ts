import { atLeast } from './bounds'
import { multiplyAdd } from './multiply-add'
import { copyRow } from './rows'

/** Columns of one tile of the result. With two rows, it is the largest that V8 keeps in registers without spilling. */
export const TILE_COLUMNS: i32 = 16
/** Columns of a tile of four rows, which takes as long as one of two rows and twice the columns. */
export const NARROW_COLUMNS: i32 = TILE_COLUMNS / 2
/** Bytes between two values of a row of a packed strip. */
const PACKED_ALONG: usize = TILE_COLUMNS << 2
/** Floats that `multiplyRows` needs for a tile that sticks out of the result. */
export const EDGE_FLOATS: i32 = 2 * TILE_COLUMNS
/** Floats of packed strips that stay in a first-level cache while rows go by. */
const CACHE_FLOATS: i32 = 4096

/**
 * Two rows of a product: c = start + a * b, then relu.
 *
 * A row of `a` is `segments` runs of `length` values; so the window of a convolution is read where it lies in its image.
 * Each entry is one sum in ascending order, so the result does not depend on tiles. For a single row give it twice, with
 * both pitches zero.
 *
 * @param gap - bytes from the end of a segment to the next
 * @param along - bytes between two values of a segment
 * @param b - packed strips, `[strip][segments x length][16]`
 * @param n - columns
 * @param start - address of what the sums begin with, or 0; `startPitch` bytes between its two rows
 * @param pitch - bytes between the two rows of `c`
 * @param edge - room for EDGE_FLOATS
 */
export function multiplyRows(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, along: usize, b: usize, n: i32,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool, edge: usize
): void {
  const strip = <usize>(segments * length * TILE_COLUMNS) << 2
  for (; n >= TILE_COLUMNS; n -= TILE_COLUMNS) {
    multiplyAnyTile(segments, length, gap, a0, a1, along, b, start, startPitch, c, pitch, relu)
    b += strip
    c += TILE_COLUMNS << 2
    if (start) start += TILE_COLUMNS << 2
  }
  if (n == 0) return
  const edgePitch: usize = TILE_COLUMNS << 2
  if (start) {
    copyRow(edge, start, n)
    copyRow(edge + edgePitch, start + startPitch, n)
  }
  multiplyAnyTile(segments, length, gap, a0, a1, along, b, start ? edge : 0, edgePitch, edge, edgePitch, relu)
  copyRow(c, edge, n)
  copyRow(c + pitch, edge + edgePitch, n)
}

// @ts-ignore: decorator
@inline
function multiplyAnyTile(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, along: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  if (along == 4) multiplyContiguous(segments, length, gap, a0, a1, b, start, startPitch, c, pitch, relu)
  else if (along == PACKED_ALONG) multiplyPacked(segments, length, gap, a0, a1, b, start, startPitch, c, pitch, relu)
  else multiplyStrided(segments, length, gap, a0, a1, along, b, start, startPitch, c, pitch, relu)
}

// Where the way between two values is a constant, addresses are told by offsets and need not be counted up. Not inlined, as
// registers would run out.

// @ts-ignore: decorator
@noinline
function multiplyContiguous(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  multiplyTile(segments, length, gap, a0, a1, 4, b, start, startPitch, c, pitch, relu)
}

// @ts-ignore: decorator
@noinline
function multiplyPacked(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  multiplyTile(segments, length, gap, a0, a1, PACKED_ALONG, b, start, startPitch, c, pitch, relu)
}

// @ts-ignore: decorator
@noinline
function multiplyStrided(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, along: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  multiplyTile(segments, length, gap, a0, a1, along, b, start, startPitch, c, pitch, relu)
}

// Four terms a turn, as V8 checks the stack at each. It loads all that a stretch of code without a branch needs before it
// computes, so the way out between two terms keeps the registers from running out.
// @ts-ignore: decorator
@inline
function multiplyTile(
  segments: i32, length: i32, gap: usize, a0: usize, a1: usize, along: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  let c00 = f32x4.splat(0)
  let c01 = c00
  let c02 = c00
  let c03 = c00
  let c10 = c00
  let c11 = c00
  let c12 = c00
  let c13 = c00
  if (start) {
    c00 = v128.load(start)
    c01 = v128.load(start, 16)
    c02 = v128.load(start, 32)
    c03 = v128.load(start, 48)
    start += startPitch
    c10 = v128.load(start)
    c11 = v128.load(start, 16)
    c12 = v128.load(start, 32)
    c13 = v128.load(start, 48)
  }
  for (let s = 0; s < segments; s++) {
    let left = length
    while (true) {
      if (left == 0) break
      {
        const b0 = v128.load(b, 0)
        const b1 = v128.load(b, 16)
        const b2 = v128.load(b, 32)
        const b3 = v128.load(b, 48)
        const x0 = v128.load32_splat(a0 + 0 * along)
        const x1 = v128.load32_splat(a1 + 0 * along)
        c00 = multiplyAdd(x0, b0, c00)
        c01 = multiplyAdd(x0, b1, c01)
        c02 = multiplyAdd(x0, b2, c02)
        c03 = multiplyAdd(x0, b3, c03)
        c10 = multiplyAdd(x1, b0, c10)
        c11 = multiplyAdd(x1, b1, c11)
        c12 = multiplyAdd(x1, b2, c12)
        c13 = multiplyAdd(x1, b3, c13)
      }
      if (left == 1) break
      {
        const b0 = v128.load(b, 64)
        const b1 = v128.load(b, 80)
        const b2 = v128.load(b, 96)
        const b3 = v128.load(b, 112)
        const x0 = v128.load32_splat(a0 + 1 * along)
        const x1 = v128.load32_splat(a1 + 1 * along)
        c00 = multiplyAdd(x0, b0, c00)
        c01 = multiplyAdd(x0, b1, c01)
        c02 = multiplyAdd(x0, b2, c02)
        c03 = multiplyAdd(x0, b3, c03)
        c10 = multiplyAdd(x1, b0, c10)
        c11 = multiplyAdd(x1, b1, c11)
        c12 = multiplyAdd(x1, b2, c12)
        c13 = multiplyAdd(x1, b3, c13)
      }
      if (left == 2) break
      {
        const b0 = v128.load(b, 128)
        const b1 = v128.load(b, 144)
        const b2 = v128.load(b, 160)
        const b3 = v128.load(b, 176)
        const x0 = v128.load32_splat(a0 + 2 * along)
        const x1 = v128.load32_splat(a1 + 2 * along)
        c00 = multiplyAdd(x0, b0, c00)
        c01 = multiplyAdd(x0, b1, c01)
        c02 = multiplyAdd(x0, b2, c02)
        c03 = multiplyAdd(x0, b3, c03)
        c10 = multiplyAdd(x1, b0, c10)
        c11 = multiplyAdd(x1, b1, c11)
        c12 = multiplyAdd(x1, b2, c12)
        c13 = multiplyAdd(x1, b3, c13)
      }
      if (left == 3) break
      {
        const b0 = v128.load(b, 192)
        const b1 = v128.load(b, 208)
        const b2 = v128.load(b, 224)
        const b3 = v128.load(b, 240)
        const x0 = v128.load32_splat(a0 + 3 * along)
        const x1 = v128.load32_splat(a1 + 3 * along)
        c00 = multiplyAdd(x0, b0, c00)
        c01 = multiplyAdd(x0, b1, c01)
        c02 = multiplyAdd(x0, b2, c02)
        c03 = multiplyAdd(x0, b3, c03)
        c10 = multiplyAdd(x1, b0, c10)
        c11 = multiplyAdd(x1, b1, c11)
        c12 = multiplyAdd(x1, b2, c12)
        c13 = multiplyAdd(x1, b3, c13)
      }
      left -= 4
      b += 4 * TILE_COLUMNS << 2
      a0 += 4 * along
      a1 += 4 * along
    }
    b += <usize>(left * TILE_COLUMNS) << 2
    a0 += <usize>left * along + gap
    a1 += <usize>left * along + gap
  }
  if (relu) {
    const zero = f32x4.splat(0)
    c00 = atLeast(zero, c00)
    c01 = atLeast(zero, c01)
    c02 = atLeast(zero, c02)
    c03 = atLeast(zero, c03)
    c10 = atLeast(zero, c10)
    c11 = atLeast(zero, c11)
    c12 = atLeast(zero, c12)
    c13 = atLeast(zero, c13)
  }
  v128.store(c, c00)
  v128.store(c, c01, 16)
  v128.store(c, c02, 32)
  v128.store(c, c03, 48)
  c += pitch
  v128.store(c, c10)
  v128.store(c, c11, 16)
  v128.store(c, c12, 32)
  v128.store(c, c13, 48)
}

/**
 * Up to four rows of a product with up to 8 columns, as `multiplyRows`; a row too few is computed twice.
 *
 * @param next - bytes between two rows of `a`
 * @param b - a packed strip
 * @param startPitch - bytes between two rows of `start`
 */
export function multiplyFourRows(
  rows: i32, length: i32, a: usize, next: usize, along: usize, b: usize, n: i32,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool, edge: usize
): void {
  if (n == NARROW_COLUMNS) {
    multiplyNarrowTile(rows, length, a, next, along, b, start, startPitch, c, pitch, relu)
    return
  }
  const edgePitch: usize = NARROW_COLUMNS << 2
  if (start) {
    for (let i = 0; i < rows; i++) copyRow(edge + <usize>i * edgePitch, start + <usize>i * startPitch, n)
  }
  multiplyNarrowTile(rows, length, a, next, along, b, start ? edge : 0, edgePitch, edge, edgePitch, relu)
  for (let i = 0; i < rows; i++) copyRow(c + <usize>i * pitch, edge + <usize>i * edgePitch, n)
}

function multiplyNarrowTile(
  rows: i32, length: i32, a: usize, next: usize, along: usize, b: usize,
  start: usize, startPitch: usize, c: usize, pitch: usize, relu: bool
): void {
  const second = <usize>min(1, rows - 1)
  const third = <usize>min(2, rows - 1)
  const fourth = <usize>min(3, rows - 1)
  let a1 = a + second * next
  let a2 = a + third * next
  let a3 = a + fourth * next
  let c00 = f32x4.splat(0)
  let c01 = c00
  let c10 = c00
  let c11 = c00
  let c20 = c00
  let c21 = c00
  let c30 = c00
  let c31 = c00
  if (start) {
    c00 = v128.load(start)
    c01 = v128.load(start, 16)
    c10 = v128.load(start + second * startPitch)
    c11 = v128.load(start + second * startPitch, 16)
    c20 = v128.load(start + third * startPitch)
    c21 = v128.load(start + third * startPitch, 16)
    c30 = v128.load(start + fourth * startPitch)
    c31 = v128.load(start + fourth * startPitch, 16)
  }
  for (; length > 0; length--) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    const x0 = v128.load32_splat(a)
    c00 = multiplyAdd(x0, b0, c00)
    c01 = multiplyAdd(x0, b1, c01)
    const x1 = v128.load32_splat(a1)
    c10 = multiplyAdd(x1, b0, c10)
    c11 = multiplyAdd(x1, b1, c11)
    const x2 = v128.load32_splat(a2)
    c20 = multiplyAdd(x2, b0, c20)
    c21 = multiplyAdd(x2, b1, c21)
    const x3 = v128.load32_splat(a3)
    c30 = multiplyAdd(x3, b0, c30)
    c31 = multiplyAdd(x3, b1, c31)
    b += TILE_COLUMNS << 2
    a += along
    a1 += along
    a2 += along
    a3 += along
  }
  const least = f32x4.splat(relu ? 0 : -Infinity)
  v128.store(c, atLeast(least, c00))
  v128.store(c, atLeast(least, c01), 16)
  v128.store(c + second * pitch, atLeast(least, c10))
  v128.store(c + second * pitch, atLeast(least, c11), 16)
  v128.store(c + third * pitch, atLeast(least, c20))
  v128.store(c + third * pitch, atLeast(least, c21), 16)
  v128.store(c + fourth * pitch, atLeast(least, c30))
  v128.store(c + fourth * pitch, atLeast(least, c31), 16)
}

/** Columns, with those that fill up the last strip. */
// @ts-ignore: decorator
@inline
export function stripFloats(columns: i32): i32 {
  return ((columns + TILE_COLUMNS - 1) / TILE_COLUMNS) * TILE_COLUMNS
}

/** Columns whose packed strips, `depth` deep, stay in a first-level cache. */
// @ts-ignore: decorator
@inline
export function cachedColumns(depth: i32): i32 {
  return max(1, CACHE_FLOATS / (depth * TILE_COLUMNS)) * TILE_COLUMNS
}
