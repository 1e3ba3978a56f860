import { addRow, copyRow } from './rows'

/** Look up a row of `table` for each number; numbers beyond the table are taken for the last of its rows. */
export function embed(ids: usize, count: i32, table: usize, words: i32, width: i32, y: usize): void {
  const row = <usize>width << 2
  for (let i = 0; i < count; i++, ids += 4, y += row) copyRow(y, table + rowOf(ids, words) * row, width)
}

/** Sum the gradient of every place at which a row of the table was looked up. */
export function embedGradient(
  ids: usize, count: i32, yGradient: usize, words: i32, width: i32, tableGradient: usize
): void {
  const row = <usize>width << 2
  memory.fill(tableGradient, 0, <usize>words * row)
  for (let i = 0; i < count; i++, ids += 4, yGradient += row) {
    addRow(tableGradient + rowOf(ids, words) * row, yGradient, width)
  }
}

// @ts-ignore: decorator
@inline
function rowOf(id: usize, words: i32): usize {
  const row = <i32>load<f32>(id)
  return <usize>max(0, min(words - 1, row))
}
