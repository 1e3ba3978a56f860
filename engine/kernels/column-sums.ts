import { add, mul, sub, zero } from './lanes'

// Sums down the columns of a matrix, kept in registers: sixteen columns, a cache line, at a time while there are as many.
// Its even and its odd rows have sums of their own, which need not wait for each other.

/** sums[j] = sum over rows of matrix[i][j] */
export function columnSums(matrix: usize, rows: i32, columns: i32, sums: usize): void {
  const pitch = <usize>columns << 2
  let at: usize = 0
  for (; at + 64 <= pitch; at += 64) sumLine(matrix + at, rows, pitch, sums + at)
  for (; at + 16 <= pitch; at += 16) sum<v128>(matrix + at, rows, pitch, sums + at)
  for (; at < pitch; at += 4) sum<f32>(matrix + at, rows, pitch, sums + at)
}

/** products[j] = sum over rows of factor[i][j] * (x[i][j] - mean[j]); without `factor`, of the square of the latter. */
export function columnProducts(
  factor: usize, x: usize, rows: i32, columns: i32, mean: usize, products: usize
): void {
  const pitch = <usize>columns << 2
  const squares = factor == 0
  let at: usize = 0
  for (; at + 64 <= pitch; at += 64) {
    if (squares) multiplyLine(0, x + at, rows, pitch, mean + at, products + at, true)
    else multiplyLine(factor + at, x + at, rows, pitch, mean + at, products + at, false)
  }
  for (; at + 16 <= pitch; at += 16) multiply<v128>(factor + at, x + at, rows, pitch, mean + at, products + at, squares)
  for (; at < pitch; at += 4) multiply<f32>(factor + at, x + at, rows, pitch, mean + at, products + at, squares)
}

function sumLine(source: usize, rows: i32, pitch: usize, target: usize): void {
  let even0 = f32x4.splat(0)
  let even1 = even0
  let even2 = even0
  let even3 = even0
  let odd0 = even0
  let odd1 = even0
  let odd2 = even0
  let odd3 = even0
  for (let i = 0; i < rows; i++, source += pitch) {
    even0 = f32x4.add(even0, v128.load(source))
    even1 = f32x4.add(even1, v128.load(source, 16))
    even2 = f32x4.add(even2, v128.load(source, 32))
    even3 = f32x4.add(even3, v128.load(source, 48))
    if (++i == rows) break
    source += pitch
    odd0 = f32x4.add(odd0, v128.load(source))
    odd1 = f32x4.add(odd1, v128.load(source, 16))
    odd2 = f32x4.add(odd2, v128.load(source, 32))
    odd3 = f32x4.add(odd3, v128.load(source, 48))
  }
  v128.store(target, f32x4.add(even0, odd0))
  v128.store(target, f32x4.add(even1, odd1), 16)
  v128.store(target, f32x4.add(even2, odd2), 32)
  v128.store(target, f32x4.add(even3, odd3), 48)
}

// @ts-ignore: decorator
@inline
function multiplyLine(
  factor: usize, x: usize, rows: i32, pitch: usize, mean: usize, target: usize, squares: bool
): void {
  const mean0 = v128.load(mean)
  const mean1 = v128.load(mean, 16)
  const mean2 = v128.load(mean, 32)
  const mean3 = v128.load(mean, 48)
  let sum0 = f32x4.splat(0)
  let sum1 = sum0
  let sum2 = sum0
  let sum3 = sum0
  for (let i = 0; i < rows; i++, x += pitch, factor += pitch) {
    const x0 = f32x4.sub(v128.load(x), mean0)
    const x1 = f32x4.sub(v128.load(x, 16), mean1)
    const x2 = f32x4.sub(v128.load(x, 32), mean2)
    const x3 = f32x4.sub(v128.load(x, 48), mean3)
    sum0 = f32x4.add(sum0, f32x4.mul(x0, squares ? x0 : v128.load(factor)))
    sum1 = f32x4.add(sum1, f32x4.mul(x1, squares ? x1 : v128.load(factor, 16)))
    sum2 = f32x4.add(sum2, f32x4.mul(x2, squares ? x2 : v128.load(factor, 32)))
    sum3 = f32x4.add(sum3, f32x4.mul(x3, squares ? x3 : v128.load(factor, 48)))
  }
  v128.store(target, sum0)
  v128.store(target, sum1, 16)
  v128.store(target, sum2, 32)
  v128.store(target, sum3, 48)
}

// @ts-ignore: decorator
@inline
function sum<T>(source: usize, rows: i32, pitch: usize, target: usize): void {
  let total = zero<T>()
  for (let i = 0; i < rows; i++, source += pitch) total = add<T>(total, load<T>(source))
  store<T>(target, total)
}

// @ts-ignore: decorator
@inline
function multiply<T>(
  factor: usize, x: usize, rows: i32, pitch: usize, mean: usize, target: usize, squares: bool
): void {
  const centre = load<T>(mean)
  let total = zero<T>()
  for (let i = 0; i < rows; i++, x += pitch, factor += pitch) {
    const centred = sub<T>(load<T>(x), centre)
    total = add<T>(total, mul<T>(centred, squares ? centred : load<T>(factor)))
  }
  store<T>(target, total)
}
