import type { Address, Kernels } from '../kernel-types.js'

/** A matrix in kernel memory, perhaps a part of a wider one; strides in floats. */
export interface Matrix {
  readonly at: Address
  readonly row: number
  readonly column: number
}

/** @param pitch - floats between the starts of two rows */
export function matrix(at: Address, pitch: number): Matrix {
  return { at, row: pitch, column: 1 }
}

export function transposed({ at, row, column }: Matrix): Matrix {
  return { at, row: column, column: row }
}

/** c = a b, plus a row of biases; c is m x n without gaps, a is m x k. */
export function multiply(
  kernels: Kernels,
  [m, n, k]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
  c: Address,
  scratch: Address,
  bias: Address = 0
): void {
  kernels.gemm(m, n, k, a.at, a.row, a.column, b.at, b.row, b.column, c, bias, false, false, scratch)
}

/** c += a b, as `multiply`. */
export function multiplyAdd(
  kernels: Kernels,
  [m, n, k]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
  c: Address,
  scratch: Address
): void {
  kernels.gemm(m, n, k, a.at, a.row, a.column, b.at, b.row, b.column, c, 0, false, true, scratch)
}
