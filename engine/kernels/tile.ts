/** Rows and columns of one tile of the result: larger ones run out of registers in V8. */
export const TILE_ROWS: i32 = 4
export const TILE_COLUMNS: i32 = 8

/**
 * A 4 x 8 tile of a product of four rows and a packed strip, `[k][8]`.
 *
 * Each entry is one sum over k in ascending order, so the result does not depend on the machine or on the tiling.
 *
 * @param across - bytes between two rows of `a`
 * @param along - bytes between two entries of a row of `a`
 * @param bias - address of eight floats added to each row, or 0
 * @param accumulate - add to what `c` holds; not together with a bias or relu
 * @param pitch - bytes between two rows of `c`
 */
export function multiplyTile(
  k: i32, a: usize, across: usize, along: usize, b: usize,
  c: usize, pitch: usize, bias: usize, relu: bool, accumulate: bool
): void {
  let a1 = a + across
  let a2 = a1 + across
  let a3 = a2 + across
  const zero = f32x4.splat(0)
  let c00 = zero
  let c01 = zero
  let c10 = zero
  let c11 = zero
  let c20 = zero
  let c21 = zero
  let c30 = zero
  let c31 = zero
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    b += 32
    let x = v128.load32_splat(a)
    c00 = f32x4.add(c00, f32x4.mul(x, b0))
    c01 = f32x4.add(c01, f32x4.mul(x, b1))
    x = v128.load32_splat(a1)
    c10 = f32x4.add(c10, f32x4.mul(x, b0))
    c11 = f32x4.add(c11, f32x4.mul(x, b1))
    x = v128.load32_splat(a2)
    c20 = f32x4.add(c20, f32x4.mul(x, b0))
    c21 = f32x4.add(c21, f32x4.mul(x, b1))
    x = v128.load32_splat(a3)
    c30 = f32x4.add(c30, f32x4.mul(x, b0))
    c31 = f32x4.add(c31, f32x4.mul(x, b1))
    a += along
    a1 += along
    a2 += along
    a3 += along
  }
  if (accumulate) {
    addToRow(c, c00, c01)
    addToRow(c + pitch, c10, c11)
    addToRow(c + 2 * pitch, c20, c21)
    addToRow(c + 3 * pitch, c30, c31)
    return
  }
  let bias0 = zero
  let bias1 = zero
  if (bias) {
    bias0 = v128.load(bias)
    bias1 = v128.load(bias, 16)
  }
  storeRow(c, c00, c01, bias0, bias1, relu)
  c += pitch
  storeRow(c, c10, c11, bias0, bias1, relu)
  c += pitch
  storeRow(c, c20, c21, bias0, bias1, relu)
  c += pitch
  storeRow(c, c30, c31, bias0, bias1, relu)
}

// @ts-ignore: decorator
@inline
function storeRow(c: usize, left: v128, right: v128, bias0: v128, bias1: v128, relu: bool): void {
  left = f32x4.add(left, bias0)
  right = f32x4.add(right, bias1)
  if (relu) {
    left = f32x4.max(left, f32x4.splat(0))
    right = f32x4.max(right, f32x4.splat(0))
  }
  v128.store(c, left)
  v128.store(c, right, 16)
}

// @ts-ignore: decorator
@inline
function addToRow(c: usize, left: v128, right: v128): void {
  v128.store(c, f32x4.add(v128.load(c), left))
  v128.store(c, f32x4.add(v128.load(c, 16), right), 16)
}
