import { createRng } from '../rng.js'
import type { MixingMatrix } from './mixing-matrix.js'

/** Below this, what is left of a vector is rounding, and a change of the result is none. */
const PRECISION = 1e-13
/** Lanczos steps before the first look at the result; it is looked at again each time that they double. */
const FIRST_LOOK = 16

/**
 * 1 - |lambda|, lambda being the eigenvalue of second largest magnitude of a symmetric doubly stochastic matrix.
 *
 * Averaging by W multiplies the distance to the mean by |lambda| at most. 1: one averaging is enough. 0: the swarm
 * never agrees. Right to about 1e-12; a step costs one pass over the edges, and a ring of n takes some n steps.
 *
 * Source: Lanczos, "An Iteration Method for the Solution of the Eigenvalue Problem of Linear Differential and Integral
 * Operators", J. Res. Natl. Bur. Stand. 45, 1950, on the vectors of mean 0. It sees both ends of the spectrum, so
 * eigenvalues of equal magnitude and opposite sign, which stall power iteration, do not matter.
 */
export function spectralGap(matrix: MixingMatrix): number {
  const size = matrix.length
  if (size === 1) return 1
  const rng = createRng('spectral gap')
  const diagonal: number[] = []
  const offDiagonal: number[] = []
  let previous = new Float64Array(size)
  let current = Float64Array.from({ length: size }, () => rng.normal())
  removeMean(current)
  scale(current, 1 / length(current))
  let beta = 0
  let radius = Infinity
  for (let step = 1, look = FIRST_LOOK; ; step++) {
    const next = multiply(matrix, current)
    const alpha = dot(next, current)
    for (let i = 0; i < size; i++) next[i] -= alpha * current[i] + beta * previous[i]
    removeMean(next)
    diagonal.push(alpha)
    beta = length(next)
    const exhausted = beta < PRECISION || step >= 4 * size + FIRST_LOOK
    if (exhausted || step === look) {
      const before = radius
      radius = spectralRadius(diagonal, offDiagonal)
      if (exhausted || Math.abs(radius - before) < PRECISION) return 1 - radius
      look *= 2
    }
    offDiagonal.push(beta)
    scale(next, 1 / beta)
    previous = current
    current = next
  }
}

/** The largest magnitude among the eigenvalues, all in [-1, 1], of a symmetric tridiagonal matrix. */
function spectralRadius(diagonal: readonly number[], offDiagonal: readonly number[]): number {
  const largest = bisect(x => countBelow(x, diagonal, offDiagonal) < diagonal.length)
  const smallest = bisect(x => countBelow(x, diagonal, offDiagonal) === 0)
  return Math.max(Math.abs(largest), Math.abs(smallest))
}

/** Where in [-1, 1] `isBelow` turns from true to false. */
function bisect(isBelow: (x: number) => boolean): number {
  let low = -1
  let high = 1
  while (high - low > PRECISION / 4) {
    const middle = (low + high) / 2
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** How many eigenvalues are below `x`: the negative pivots of T - x I (Sylvester's law of inertia). */
function countBelow(x: number, diagonal: readonly number[], offDiagonal: readonly number[]): number {
  let count = 0
  let pivot = 1
  for (let i = 0; i < diagonal.length; i++) {
    const square = i === 0 ? 0 : offDiagonal[i - 1] ** 2
    pivot = diagonal[i] - x - square / pivot // after a pivot of 0 it is -Infinity, which counts as it should
    if (pivot < 0) count++
  }
  return count
}

function multiply(matrix: MixingMatrix, x: Float64Array): Float64Array<ArrayBuffer> {
  const product = Float64Array.from(x)
  for (let i = 0; i < x.length; i++) {
    for (const { neighbour, weight } of matrix[i]) product[i] += weight * (x[neighbour] - x[i])
  }
  return product
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
  return sum
}

function length(x: Float64Array): number {
  return Math.sqrt(dot(x, x))
}

/** Multiply `x` by `factor`, changing it. */
function scale(x: Float64Array, factor: number): void {
  for (let i = 0; i < x.length; i++) x[i] *= factor
}

/** Subtract its mean from `x`, changing it. */
function removeMean(x: Float64Array): void {
  let mean = 0
  for (let i = 0; i < x.length; i++) mean += x[i] / x.length
  for (let i = 0; i < x.length; i++) x[i] -= mean
}
