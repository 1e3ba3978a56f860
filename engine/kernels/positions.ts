import { at } from './gemm'
import { cachedColumns, multiplyRows } from './tile'

/**
 * What windows at the positions of an image see, times packed filters; then plus a bias, then relu.
 *
 * @param segments - lines of a window, each of `line` floats and `gap` floats from its end to the next
 * @param stepX - floats between neighbouring windows
 * @param stepY - floats between windows below each other
 * @param n - filters
 * @param c - written: n floats a position
 * @param accumulate - add to what `c` holds; not together with a bias
 * @param edge - room for EDGE_FLOATS
 */
export function multiplyPositions(
  outputWidth: i32, outputHeight: i32, segments: i32, line: i32, gap: i32, stepX: i32, stepY: i32,
  image: usize, packed: usize, n: i32, bias: usize, c: usize, relu: bool, accumulate: bool, edge: usize
): void {
  const depth = segments * line
  const most = cachedColumns(depth)
  const pitch = <usize>n << 2
  for (let first = 0; first < n; first += most) {
    const columns = min(most, n - first)
    const filters = at(packed, first * depth)
    const start = bias ? at(bias, first) : 0
    let ox = 0
    let top = image
    let target = at(c, first)
    for (let left = outputWidth * outputHeight; left > 0; left -= 2, target += 2 * pitch) {
      const a0 = at(top, ox * stepX)
      if (++ox == outputWidth) {
        ox = 0
        top = at(top, stepY)
      }
      const isPair = left > 1
      const a1 = isPair ? at(top, ox * stepX) : a0
      if (isPair && ++ox == outputWidth) {
        ox = 0
        top = at(top, stepY)
      }
      multiplyRows(
        segments, line, <usize>gap << 2, a0, a1, 4, filters, columns,
        accumulate ? target : start, accumulate && isPair ? pitch : 0, target, isPair ? pitch : 0, relu, edge
      )
    }
  }
}
