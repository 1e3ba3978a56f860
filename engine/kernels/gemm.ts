import { packStrip } from './pack'
import { TERM_COLUMNS, findTerms, hasManyZeros, maskCount, multiplyTerms } from './terms'
import {
  EDGE_FLOATS, NARROW_COLUMNS, TILE_COLUMNS, cachedColumns, multiplyFourRows, multiplyRows, stripFloats
} from './tile'

/** Terms summed at a time: a strip of B that deep stays in a first-level cache. */
const BLOCK_DEPTH: i32 = 256
/** Floats from one value to the next up to which a column is read where it is; further apart they compete for places of a cache. */
const MOST_PITCH: i32 = 256
/** Values of A from which on zeros among them are worth a search. */
const LEAST_VALUES: i32 = 4096

/**
 * C = A B, then plus a bias row, then relu; C is m x n, row-major, without gaps. A is m x k and B is k x n, each with
 * its own strides in floats, so that a transposed matrix is the same memory with strides exchanged.
 *
 * Zeros of A are left out when they are many. What a zero would have added, were B not finite, then stays out too.
 *
 * @param accumulate - add to what C holds; not together with a bias
 * @param bias - address of n floats, or 0
 * @param scratch - room for 32 + min(k, 256) (kept + 32) + 4 kept floats; kept is n when m > n, else m, rounded up to 16
 */
export function gemm(
  m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, bias: usize, relu: bool, accumulate: bool, scratch: usize
): void {
  const leavesZeros = n >= TERM_COLUMNS && m * k >= LEAST_VALUES && hasManyZeros(a, m, k, aRow, aColumn)
  const most = leavesZeros ? BLOCK_DEPTH / 2 : BLOCK_DEPTH
  for (let first = 0; first < k; first += most) {
    const depth = min(most, k - first)
    const goesOn = accumulate || first > 0
    multiplyBlock(
      m, n, depth,
      at(a, first * aColumn), aRow, aColumn, at(b, first * bRow), bRow, bColumn,
      c, goesOn ? c : bias, goesOn ? n : 0, relu && first + depth == k, leavesZeros, scratch
    )
  }
}

/**
 * One block of terms. Of A and B the one with fewer rows or columns is packed once and stays in the cache; the other is
 * packed a strip at a time. Rows of A are read where they are, if their values or those of neighbouring rows lie side by side.
 *
 * @param start - what the sums begin with, or 0; `startRow` floats between its rows
 */
function multiplyBlock(
  m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bColumn: i32,
  c: usize, start: usize, startRow: i32, relu: bool, leavesZeros: bool, scratch: usize
): void {
  const width = leavesZeros ? TERM_COLUMNS : TILE_COLUMNS
  const strip = at(scratch, EDGE_FLOATS)
  const kept = at(strip, k * width)
  const packsA = aColumn != 1 && (aRow != 1 || aColumn > MOST_PITCH)
  const next = packsA ? 1 : aRow
  const along = packsA ? TILE_COLUMNS : aColumn
  const maskFloats = leavesZeros ? 2 * maskCount(k) : 0
  if (m > n) {
    packStrips(b, bColumn, bRow, n, k, kept)
    const masks = at(kept, k * stripFloats(n))
    const most = max(width, cachedColumns(k))
    for (let i = 0; i < m; i += TILE_COLUMNS) {
      const rows = min(TILE_COLUMNS, m - i)
      if (packsA) packStrips(at(a, i * aRow), aRow, aColumn, rows, k, strip)
      const from = packsA ? strip : at(a, i * aRow)
      if (leavesZeros) findTerms(from, next, along, rows, k, masks)
      for (let j = 0; j < n; j += most) {
        const begin = start ? at(start, i * startRow + j) : 0
        const columns = min(most, n - j)
        const target = at(c, i * n + j)
        const by = at(kept, j * k)
        multiplyStrip(rows, columns, k, from, next, along, leavesZeros ? masks : 0, by, begin, startRow, target, n, relu, scratch)
      }
    }
  } else {
    if (packsA) packStrips(a, aRow, aColumn, m, k, kept)
    const masks = packsA ? at(kept, k * stripFloats(m)) : kept
    if (leavesZeros) {
      for (let i = 0; i < m; i += TILE_COLUMNS) {
        const from = packsA ? at(kept, i * k) : at(a, i * aRow)
        findTerms(from, next, along, min(TILE_COLUMNS, m - i), k, at(masks, i * maskFloats))
      }
    }
    for (let j = 0; j < n; j += width) {
      const columns = min(width, n - j)
      packStrips(at(b, j * bColumn), bColumn, bRow, columns, k, strip)
      for (let i = 0; i < m; i += TILE_COLUMNS) {
        const from = packsA ? at(kept, i * k) : at(a, i * aRow)
        const begin = start ? at(start, i * startRow + j) : 0
        const rows = min(TILE_COLUMNS, m - i)
        const target = at(c, i * n + j)
        const told = leavesZeros ? at(masks, i * maskFloats) : 0
        multiplyStrip(rows, columns, k, from, next, along, told, strip, begin, startRow, target, n, relu, scratch)
      }
    }
  }
}

/** Up to 16 rows. `masks` is 0 where all terms are taken. */
function multiplyStrip(
  rows: i32, n: i32, k: i32, a: usize, next: i32, along: i32, masks: usize, b: usize,
  start: usize, startRow: i32, c: usize, pitch: i32, relu: bool, edge: usize
): void {
  if (masks) {
    const groups = maskCount(k)
    const strip = <usize>(k * TILE_COLUMNS) << 2
    for (; n >= TERM_COLUMNS; n -= TERM_COLUMNS) {
      for (let i = 0; i < rows; i++) {
        multiplyTerms(
          groups, at(masks, 2 * i * groups), at(a, i * next), <usize>along << 2, b, strip,
          start ? at(start, i * startRow) : 0, at(c, i * pitch), relu
        )
      }
      b += 2 * strip
      c = at(c, TERM_COLUMNS)
      if (start) start = at(start, TERM_COLUMNS)
    }
    if (n == 0) return
  }
  multiplyPairs(rows, n, k, a, next, along, b, start, startRow, c, pitch, relu, edge)
}

/** Up to 16 rows, in pairs; the last columns, if few, in fours. */
// @ts-ignore: decorator
@inline
function multiplyPairs(
  rows: i32, n: i32, k: i32, a: usize, next: i32, along: i32, b: usize,
  start: usize, startRow: i32, c: usize, pitch: i32, relu: bool, edge: usize
): void {
  const last = n % TILE_COLUMNS
  const few = last <= NARROW_COLUMNS ? last : 0
  const most = n - few
  if (most > 0) {
    for (let i = 0; i < rows; i += 2) {
      const second = i + 1 < rows ? 1 : 0
      multiplyRows(
        1, k, 0, at(a, i * next), at(a, (i + second) * next), <usize>along << 2, b, most,
        start ? at(start, i * startRow) : 0, <usize>(second * startRow) << 2,
        at(c, i * pitch), <usize>(second * pitch) << 2, relu, edge
      )
    }
  }
  if (few == 0) return
  for (let i = 0; i < rows; i += 4) {
    multiplyFourRows(
      min(4, rows - i), k, at(a, i * next), <usize>next << 2, <usize>along << 2, at(b, most * k), few,
      start ? at(start, i * startRow + most) : 0, <usize>startRow << 2,
      at(c, i * pitch + most), <usize>pitch << 2, relu, edge
    )
  }
}

/** Pack `lanes` rows or columns of a matrix as strips of 16, `[strip][k][16]`; see `packStrip`. */
export function packStrips(source: usize, across: i32, down: i32, lanes: i32, k: i32, target: usize): void {
  for (let first = 0; first < lanes; first += TILE_COLUMNS) {
    packStrip(at(source, first * across), across, down, min(TILE_COLUMNS, lanes - first), k, target)
    target = at(target, k * TILE_COLUMNS)
  }
}

// @ts-ignore: decorator
@inline
export function at(base: usize, floats: i32): usize {
  return base + (<usize>floats << 2)
}
