import { gemmScratch, KernelMemory } from '../../engine/kernel-memory.js'

/** Sizes of products that training takes: m x n x k, and whether the left matrix is transposed. */
export const PRODUCTS: readonly (readonly [number, number, number, boolean])[] = [
  [256, 256, 256, false],
  [4000, 64, 64, false],
  [3968, 64, 192, false],
  [784, 128, 32, true]
]

/** Enough for some that no neighbour on the machine disturbs. */
const ROUNDS = 1000
const LIMIT_TURNS = 125_000
const LIMIT_OPERATIONS = 80
const LIMIT_FLOATS = 40
/** Operations of one measurement: so short, about 0.2 ms, that the clock moves for both or for neither. */
const OPERATIONS = 1e7

/**
 * Best of many rounds, each measuring the limit and the product one after the other.
 *
 * @returns billions of operations a second: of multiply and add in registers alone, and of the product
 */
export function measureProduct(
  [m, n, k, transposed]: (typeof PRODUCTS)[number],
  relaxedSimd: boolean
): { limit: number; product: number } {
  const memory = new KernelMemory()
  const [a, b, c] = [m * k, k * n, m * n].map(floats => memory.reserve(floats))
  const scratch = memory.reserve(gemmScratch(m, n, k))
  const zeros = memory.reserve(LIMIT_FLOATS)
  const { gemm, multiplyRegisters } = memory.open(relaxedSimd)
  memory.view(a, m * k).fill(0.5)
  memory.view(b, k * n).fill(0.25)
  const [row, column] = transposed ? [1, m] : [k, 1]
  const operations = 2 * m * n * k
  const repeats = Math.max(1, Math.round(OPERATIONS / operations))
  let [limit, product] = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    multiplyRegisters(zeros, LIMIT_TURNS)
    const between = performance.now()
    for (let i = 0; i < repeats; i++) gemm(m, n, k, a, row, column, b, n, 1, c, 0, false, false, scratch)
    const ended = performance.now()
    limit = Math.max(limit, (LIMIT_TURNS * LIMIT_OPERATIONS) / (between - started) / 1e6)
    product = Math.max(product, (repeats * operations) / (ended - between) / 1e6)
  }
  return { limit, product }
}
