import { add, keepPositive, mul, sub, zero } from './lanes'
import { multiplyAdd } from './multiply-add'

// Sums down the columns of a matrix, kept in registers: sixteen columns, a cache line, at a time while there are as many.
// Its even and its odd rows have sums of their own, which need not wait for each other.

/** Floats of each of three matrices that stay in a first-level cache together. */
const BLOCK_FLOATS: i32 = 2048

/** sums[j] = sum over rows of matrix[i][j] */
export function columnSums(matrix: usize, rows: i32, columns: i32, sums: usize): void {
  sumColumns(matrix, 0, rows, columns, sums, false)
}

/** squares[j] = sum over rows of (x[i][j] - mean[j])^2 */
export function columnSquares(x: usize, rows: i32, columns: i32, mean: usize, squares: usize): void {
  const pitch = <usize>columns << 2
  let at: usize = 0
  for (; at + 64 <= pitch; at += 64) squareLine(x + at, rows, pitch, mean + at, squares + at)
  for (; at + 16 <= pitch; at += 16) square<v128>(x + at, rows, pitch, mean + at, squares + at)
  for (; at < pitch; at += 4) square<f32>(x + at, rows, pitch, mean + at, squares + at)
}

/**
 * Column sums of a gradient, set to zero first wherever the activation is zero.
 *
 * @param activation - what relu gave, or 0: the gradient stays
 */
export function cutColumnSums(gradient: usize, activation: usize, rows: i32, columns: i32, sums: usize): void {
  if (activation) sumColumns(gradient, activation, rows, columns, sums, true)
  else columnSums(gradient, rows, columns, sums)
}

/** `cutColumnSums`, and in the same pass products[j] = sum over rows of gradient[i][j] * (x[i][j] - mean[j]). */
export function cutColumnProducts(
  gradient: usize, activation: usize, x: usize, rows: i32, columns: i32, mean: usize, sums: usize, products: usize
): void {
  const pitch = <usize>columns << 2
  memory.fill(sums, 0, pitch)
  memory.fill(products, 0, pitch)
  const most = max(1, BLOCK_FLOATS / columns)
  for (; rows > 0; rows -= most) {
    const count = min(most, rows)
    let at: usize = 0
    for (; at + 32 <= pitch; at += 32) {
      if (activation) addProducts(gradient + at, activation + at, x + at, count, pitch, mean + at, sums + at, products + at, true)
      else addProducts(gradient + at, 0, x + at, count, pitch, mean + at, sums + at, products + at, false)
    }
    for (; at < pitch; at += 4) {
      addProduct(gradient + at, activation ? activation + at : 0, x + at, count, pitch, mean + at, sums + at, products + at)
    }
    gradient += <usize>count * pitch
    x += <usize>count * pitch
    if (activation) activation += <usize>count * pitch
  }
}

// @ts-ignore: decorator
@inline
function sumColumns(matrix: usize, activation: usize, rows: i32, columns: i32, sums: usize, cuts: bool): void {
  const pitch = <usize>columns << 2
  let at: usize = 0
  for (; at + 64 <= pitch; at += 64) sumLine(matrix + at, activation + at, rows, pitch, sums + at, cuts)
  for (; at + 16 <= pitch; at += 16) sum<v128>(matrix + at, activation + at, rows, pitch, sums + at, cuts)
  for (; at < pitch; at += 4) sum<f32>(matrix + at, activation + at, rows, pitch, sums + at, cuts)
}

// @ts-ignore: decorator
@inline
function sumLine(source: usize, activation: usize, rows: i32, pitch: usize, target: usize, cuts: bool): void {
  let even0 = f32x4.splat(0)
  let even1 = even0
  let even2 = even0
  let even3 = even0
  let odd0 = even0
  let odd1 = even0
  let odd2 = even0
  let odd3 = even0
  for (let i = 0; i < rows; i++, source += pitch, activation += pitch) {
    even0 = f32x4.add(even0, valueAt<v128>(source, activation, cuts))
    even1 = f32x4.add(even1, valueAt<v128>(source + 16, activation + 16, cuts))
    even2 = f32x4.add(even2, valueAt<v128>(source + 32, activation + 32, cuts))
    even3 = f32x4.add(even3, valueAt<v128>(source + 48, activation + 48, cuts))
    if (++i == rows) break
    source += pitch
    activation += pitch
    odd0 = f32x4.add(odd0, valueAt<v128>(source, activation, cuts))
    odd1 = f32x4.add(odd1, valueAt<v128>(source + 16, activation + 16, cuts))
    odd2 = f32x4.add(odd2, valueAt<v128>(source + 32, activation + 32, cuts))
    odd3 = f32x4.add(odd3, valueAt<v128>(source + 48, activation + 48, cuts))
  }
  v128.store(target, f32x4.add(even0, odd0))
  v128.store(target, f32x4.add(even1, odd1), 16)
  v128.store(target, f32x4.add(even2, odd2), 32)
  v128.store(target, f32x4.add(even3, odd3), 48)
}

function squareLine(x: usize, rows: i32, pitch: usize, mean: usize, target: usize): void {
  const mean0 = v128.load(mean)
  const mean1 = v128.load(mean, 16)
  const mean2 = v128.load(mean, 32)
  const mean3 = v128.load(mean, 48)
  let sum0 = f32x4.splat(0)
  let sum1 = sum0
  let sum2 = sum0
  let sum3 = sum0
  for (let i = 0; i < rows; i++, x += pitch) {
    const x0 = f32x4.sub(v128.load(x), mean0)
    const x1 = f32x4.sub(v128.load(x, 16), mean1)
    const x2 = f32x4.sub(v128.load(x, 32), mean2)
    const x3 = f32x4.sub(v128.load(x, 48), mean3)
    sum0 = f32x4.add(sum0, f32x4.mul(x0, x0))
    sum1 = f32x4.add(sum1, f32x4.mul(x1, x1))
    sum2 = f32x4.add(sum2, f32x4.mul(x2, x2))
    sum3 = f32x4.add(sum3, f32x4.mul(x3, x3))
  }
  v128.store(target, sum0)
  v128.store(target, sum1, 16)
  v128.store(target, sum2, 32)
  v128.store(target, sum3, 48)
}

// @ts-ignore: decorator
@inline
function sum<T>(source: usize, activation: usize, rows: i32, pitch: usize, target: usize, cuts: bool): void {
  let total = zero<T>()
  for (let i = 0; i < rows; i++, source += pitch, activation += pitch) {
    total = add<T>(total, valueAt<T>(source, activation, cuts))
  }
  store<T>(target, total)
}

// @ts-ignore: decorator
@inline
function square<T>(x: usize, rows: i32, pitch: usize, mean: usize, target: usize): void {
  const centre = load<T>(mean)
  let total = zero<T>()
  for (let i = 0; i < rows; i++, x += pitch) {
    const centred = sub<T>(load<T>(x), centre)
    total = add<T>(total, mul<T>(centred, centred))
  }
  store<T>(target, total)
}

// @ts-ignore: decorator
@inline
function addProducts(
  gradient: usize, activation: usize, x: usize, rows: i32, pitch: usize, mean: usize, sums: usize, products: usize, cuts: bool
): void {
  const mean0 = v128.load(mean)
  const mean1 = v128.load(mean, 16)
  let sum0 = v128.load(sums)
  let sum1 = v128.load(sums, 16)
  let product0 = v128.load(products)
  let product1 = v128.load(products, 16)
  for (let i = 0; i < rows; i++, gradient += pitch, activation += pitch, x += pitch) {
    const g0 = valueAt<v128>(gradient, activation, cuts)
    sum0 = f32x4.add(sum0, g0)
    product0 = multiplyAdd(f32x4.sub(v128.load(x), mean0), g0, product0)
    const g1 = valueAt<v128>(gradient + 16, activation + 16, cuts)
    sum1 = f32x4.add(sum1, g1)
    product1 = multiplyAdd(f32x4.sub(v128.load(x, 16), mean1), g1, product1)
  }
  v128.store(sums, sum0)
  v128.store(sums, sum1, 16)
  v128.store(products, product0)
  v128.store(products, product1, 16)
}

function addProduct(
  gradient: usize, activation: usize, x: usize, rows: i32, pitch: usize, mean: usize, sums: usize, products: usize
): void {
  const centre = load<f32>(mean)
  let sum = load<f32>(sums)
  let product = load<f32>(products)
  for (let i = 0; i < rows; i++, gradient += pitch, x += pitch) {
    let value = load<f32>(gradient)
    if (activation) {
      value = cutAt<f32>(gradient, activation)
      activation += pitch
    }
    sum += value
    product += (load<f32>(x) - centre) * value
  }
  store<f32>(sums, sum)
  store<f32>(products, product)
}

// @ts-ignore: decorator
@inline
function valueAt<T>(source: usize, activation: usize, cuts: bool): T {
  return cuts ? cutAt<T>(source, activation) : load<T>(source)
}

/** @returns the gradient, which it sets to zero where the activation is zero */
// @ts-ignore: decorator
@inline
function cutAt<T>(gradient: usize, activation: usize): T {
  const value = keepPositive<T>(load<T>(gradient), load<T>(activation))
  store<T>(gradient, value)
  return value
}
