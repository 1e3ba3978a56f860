import { packStrip } from './pack'
import { TILE_COLUMNS, TILE_ROWS, multiplyTile } from './tile'

/**
 * C = A B, then plus a bias row, then relu; C is m x n, row-major, without gaps. A is m x k and B is k x n, each with
 * its own strides in floats, so that a transposed matrix is the same memory with strides exchanged.
 *
 * Of A and B the one with fewer rows or columns is packed once and stays in the cache; the other is packed a strip at a
 * time. Four rows of A that are each contiguous are read where they are.
 *
 * @param accumulate - add to what C holds; not together with a bias or relu
 * @param bias - address of n floats, or 0. Up to seven floats after them are read and not used.
 * @param scratch - room for 32 + k (kept + 8) floats; kept is n rounded up to 8 when m > n, else m rounded up to 4
 */
export function gemm(
  m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, bias: usize, relu: bool, accumulate: bool, scratch: usize
): void {
  const aStrip = <usize>(k * TILE_ROWS) << 2
  const bStrip = <usize>(k * TILE_COLUMNS) << 2
  const edge = scratch
  const strip = scratch + 128
  const kept = strip + bStrip
  if (m > n) {
    for (let j = 0; j < n; j += TILE_COLUMNS) {
      packB(b, bRow, bColumn, j, n, k, kept + <usize>(j / TILE_COLUMNS) * bStrip)
    }
    for (let i = 0; i < m; i += TILE_ROWS) {
      const direct = isDirect(aColumn, i, m)
      const rows = direct ? a + (<usize>(i * aRow) << 2) : strip
      if (!direct) packA(a, aRow, aColumn, i, m, k, strip)
      for (let j = 0; j < n; j += TILE_COLUMNS) {
        const columns = kept + <usize>(j / TILE_COLUMNS) * bStrip
        place(m, n, k, i, j, rows, direct ? aRow : 0, columns, c, bias, relu, accumulate, edge)
      }
    }
  } else {
    for (let i = 0; i < m; i += TILE_ROWS) {
      if (!isDirect(aColumn, i, m)) packA(a, aRow, aColumn, i, m, k, kept + <usize>(i / TILE_ROWS) * aStrip)
    }
    for (let j = 0; j < n; j += TILE_COLUMNS) {
      packB(b, bRow, bColumn, j, n, k, strip)
      for (let i = 0; i < m; i += TILE_ROWS) {
        const direct = isDirect(aColumn, i, m)
        const rows = direct ? a + (<usize>(i * aRow) << 2) : kept + <usize>(i / TILE_ROWS) * aStrip
        place(m, n, k, i, j, rows, direct ? aRow : 0, strip, c, bias, relu, accumulate, edge)
      }
    }
  }
}

/** Whether the strip of A from row i on needs no packing. */
// @ts-ignore: decorator
@inline
function isDirect(aColumn: i32, i: i32, m: i32): bool {
  return aColumn == 1 && i + TILE_ROWS <= m
}

function packA(a: usize, row: i32, column: i32, i: i32, m: i32, k: i32, target: usize): void {
  packStrip(a + (<usize>(i * row) << 2), row, column, min(TILE_ROWS, m - i), k, target, TILE_ROWS)
}

function packB(b: usize, row: i32, column: i32, j: i32, n: i32, k: i32, target: usize): void {
  packStrip(b + (<usize>(j * column) << 2), column, row, min(TILE_COLUMNS, n - j), k, target, TILE_COLUMNS)
}

/**
 * Compute the tile at row i, column j; one that sticks out of C is computed aside and its inside copied.
 *
 * @param aRow - floats between two rows of `a`, or 0 when it is a packed strip
 */
function place(
  m: i32, n: i32, k: i32, i: i32, j: i32, a: usize, aRow: i32, b: usize,
  c: usize, bias: usize, relu: bool, accumulate: bool, edge: usize
): void {
  const target = c + (<usize>(i * n + j) << 2)
  const tileBias = bias ? bias + (<usize>j << 2) : 0
  const rows = min(TILE_ROWS, m - i)
  const columns = min(TILE_COLUMNS, n - j)
  const across: usize = aRow ? <usize>aRow << 2 : 4
  const along: usize = aRow ? 4 : <usize>TILE_ROWS << 2
  if (rows == TILE_ROWS && columns == TILE_COLUMNS) {
    multiplyTile(k, a, across, along, b, target, <usize>n << 2, tileBias, relu, accumulate)
    return
  }
  multiplyTile(k, a, across, along, b, edge, <usize>TILE_COLUMNS << 2, tileBias, relu, false)
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      const value = load<f32>(edge + (<usize>(r * TILE_COLUMNS + s) << 2))
      const inside = target + (<usize>(r * n + s) << 2)
      store<f32>(inside, accumulate ? load<f32>(inside) + value : value)
    }
  }
}
