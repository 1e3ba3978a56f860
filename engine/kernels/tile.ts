/** Rows and columns of one tile of the result: larger ones run out of registers in V8. */
export const TILE_ROWS: i32 = 4
export const TILE_COLUMNS: i32 = 8

/**
 * A 4 x 8 tile of a product of two packed strips, `[k][4]` and `[k][8]`.
 *
 * Each entry is one sum over k in ascending order, so the result does not depend on the machine or on the tiling.
 *
 * @param bias - address of eight floats added to each row, or 0
 * @param pitch - bytes between two rows of `c`
 */
export function multiplyTile(k: i32, a: usize, b: usize, c: usize, pitch: usize, bias: usize, relu: bool): void {
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
    x = v128.load32_splat(a, 4)
    c10 = f32x4.add(c10, f32x4.mul(x, b0))
    c11 = f32x4.add(c11, f32x4.mul(x, b1))
    x = v128.load32_splat(a, 8)
    c20 = f32x4.add(c20, f32x4.mul(x, b0))
    c21 = f32x4.add(c21, f32x4.mul(x, b1))
    x = v128.load32_splat(a, 12)
    c30 = f32x4.add(c30, f32x4.mul(x, b0))
    c31 = f32x4.add(c31, f32x4.mul(x, b1))
    a += 16
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
