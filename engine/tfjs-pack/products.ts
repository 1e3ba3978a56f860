import type { TensorInfo } from '@tensorflow/tfjs-core'
import { gemmScratch } from '../kernel-memory.js'
import { isFusable } from './convolution.js'
import type { PackKernels } from './pack-kernel.js'
import type { TfjsMemory } from './tfjs-memory.js'

/** Products of matrices, transposed or not, whose leading extents agree or are one. */
export const products: PackKernels = {
  BatchMatMul({ inputs: { a, b }, attrs: { transposeA, transposeB } }, memory) {
    return multiply(a, b, transposeA === true, transposeB === true, undefined, false, memory)
  },
  _FusedMatMul({ inputs: { a, b, bias, preluActivationWeights }, attrs }, memory) {
    const { transposeA, transposeB, activation } = attrs
    if (preluActivationWeights !== undefined || !isFusable(activation)) return undefined
    return multiply(a, b, transposeA === true, transposeB === true, bias, activation === 'relu', memory)
  }
}

function multiply(
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  bias: TensorInfo | undefined,
  relu: boolean,
  memory: TfjsMemory
): TensorInfo | undefined {
  const [m, k] = lastTwo(a, transposeA)
  const [, n] = lastTwo(b, transposeB)
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const [aCount, bCount] = [count(aOuter), count(bOuter)]
  const isKnown = aOuter.join() === bOuter.join() || aCount === 1 || bCount === 1
  if (!isKnown || a.dtype !== 'float32' || b.dtype !== 'float32' || m * n * k === 0) return undefined
  if (bias !== undefined && count(bias.shape) !== n) return undefined
  const rank = Math.max(a.shape.length, b.shape.length)
  const outer = bCount > aCount ? bOuter : aOuter
  const output = memory.output([...new Array<number>(rank - 2 - outer.length).fill(1), ...outer, m, n])
  const scratch = memory.scratch(gemmScratch(m, n, k))
  const [aAt, bAt, cAt] = [a, b, output].map(tensor => memory.address(tensor))
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1]
  const [bRow, bColumn] = transposeB ? [1, k] : [n, 1]
  const biasAt = bias === undefined ? 0 : memory.address(bias)
  for (let i = 0; i < Math.max(aCount, bCount); i++) {
    const from = aAt + 4 * m * k * (i % aCount)
    const by = bAt + 4 * k * n * (i % bCount)
    const to = cAt + 4 * m * n * i
    memory.kernels.gemm(m, n, k, from, aRow, aColumn, by, bRow, bColumn, to, biasAt, relu, false, scratch)
  }
  return output
}

function lastTwo({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
