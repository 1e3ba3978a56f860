import { fixedTopology, type Edge } from './graph.js'

/**
 * A grid of rows x columns whose borders are glued, as square as `size` divides; node r * columns + c is at (r, c).
 *
 * Four neighbours each when there are at least 3 rows. Two rows give three (up and down are the same node), and a size
 * without a divisor, a prime, is one row: a ring.
 */
export const torus = fixedTopology('torus', torusEdges)

function* torusEdges(size: number): Generator<Edge> {
  let rows = Math.floor(Math.sqrt(size))
  while (size % rows !== 0) rows--
  const columns = size / rows
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const node = r * columns + c
      yield [node, r * columns + ((c + 1) % columns)]
      yield [node, ((r + 1) % rows) * columns + c]
    }
  }
}
