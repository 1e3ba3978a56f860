import type { Rng } from '../rng.js'

export interface MatrixShape {
  readonly rows: number
  readonly columns: number
}

const ITERATIONS = 3
const LARGEST_FLOAT32 = 3.4028234663852886e38
/** What orthogonalisation leaves of a column, if less than this, is the rounding of float32. */
const NOISE = 1e-7

/** Floats of P and Q. */
export function factorLength({ rows, columns }: MatrixShape, rank: number): number {
  return rank * (rows + columns)
}

/**
 * Fill `factors` with P (rows x rank) and, after it, Q (columns x rank), both by rows, such that P Q^T is the projection of the
 * matrix onto the directions that subspace iteration finds, most of the largest singular ones. Column r of P is as long as
 * column r of Q, so that the entries are of alike magnitude, and in the range of float32 if those of the matrix are.
 *
 * @param values - by rows; not modified
 * @param rng - where the first directions come from
 */
export function approximate(
  values: Float32Array,
  shape: MatrixShape,
  rank: number,
  rng: Rng,
  factors: Float32Array
): void {
  const p = new Float64Array(rank * shape.rows)
  const q = Float64Array.from({ length: rank * shape.columns }, () => rng.normal())
  for (let i = 0; i < ITERATIONS; i++) {
    multiply(values, shape, rank, q, p)
    orthonormalise(p, rank)
    multiplyTransposed(values, shape, rank, p, q)
  }
  for (let r = 0; r < rank; r++) {
    const scale = Math.sqrt(columnNorm(q, rank, r))
    if (scale === 0) continue
    for (let i = r; i < p.length; i += rank) factors[i] = p[i] * scale
    for (let i = r; i < q.length; i += rank) factors[p.length + i] = q[i] / scale
  }
}

/**
 * Fill `output`, by rows, with P Q^T. What is beyond float32 becomes its largest value.
 *
 * @param factors - finite
 */
export function multiplyFactors(
  factors: Float32Array,
  { rows, columns }: MatrixShape,
  rank: number,
  output: Float32Array
): void {
  const q = factors.subarray(rank * rows)
  for (let row = 0, at = 0; row < rows; row++) {
    const p = factors.subarray(row * rank, (row + 1) * rank)
    for (let column = 0, i = 0; column < columns; column++) {
      let sum = 0
      for (let r = 0; r < rank; r++) sum += p[r] * q[i++]
      output[at++] = Math.min(Math.max(sum, -LARGEST_FLOAT32), LARGEST_FLOAT32)
    }
  }
}

/** p = M q, changing `p`. */
function multiply(
  values: Float32Array,
  { rows, columns }: MatrixShape,
  rank: number,
  q: Float64Array,
  p: Float64Array
) {
  p.fill(0)
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0, i = 0; column < columns; column++) {
      const value = values[at++]
      for (let r = row * rank; r < (row + 1) * rank; r++) p[r] += value * q[i++]
    }
  }
}

/** q = M^T p, changing `q`. */
function multiplyTransposed(
  values: Float32Array,
  { rows, columns }: MatrixShape,
  rank: number,
  p: Float64Array,
  q: Float64Array
) {
  q.fill(0)
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0, i = 0; column < columns; column++) {
      const value = values[at++]
      for (let r = row * rank; r < (row + 1) * rank; r++) q[i++] += value * p[r]
    }
  }
}

/** Make the columns of `p` orthonormal, changing it; those that depend on the ones before become zeros (Gram-Schmidt). */
function orthonormalise(p: Float64Array, rank: number): void {
  for (let column = 0; column < rank; column++) {
    const before = columnNorm(p, rank, column)
    for (let other = 0; other < column; other++) {
      let product = 0
      for (let i = 0; i < p.length; i += rank) product += p[i + column] * p[i + other]
      for (let i = 0; i < p.length; i += rank) p[i + column] -= product * p[i + other]
    }
    const length = columnNorm(p, rank, column)
    const factor = length > NOISE * before ? 1 / length : 0
    for (let i = column; i < p.length; i += rank) p[i] *= factor
  }
}

function columnNorm(matrix: Float64Array, rank: number, column: number): number {
  let sum = 0
  for (let i = column; i < matrix.length; i += rank) sum += matrix[i] * matrix[i]
  return Math.sqrt(sum)
}
