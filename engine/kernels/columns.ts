import { addRow, copyRow, zeroRow } from './rows'
import { endTap, firstTap, pixel, Window } from './window'

/**
 * Write what the windows of `count` outputs see, from output `first` on, into `columns`: a row of
 * kernelHeight x kernelWidth x channels for each output, zero outside the image.
 */
export function gatherColumns(window: Window, images: usize, first: i32, count: i32, columns: usize): void {
  walk(window, images, first, count, columns, false)
}

/** Add rows laid out as `gatherColumns` does back onto the images that they came from. */
export function scatterColumns(window: Window, columns: usize, first: i32, count: i32, images: usize): void {
  walk(window, images, first, count, columns, true)
}

/** Go through the lines of all windows. Divisions are few here: a line is often a handful of floats. */
// @ts-ignore: decorator
@inline
function walk(window: Window, images: usize, first: i32, count: i32, columns: usize, scatter: bool): void {
  const channels = window.channels
  const width = window.width
  const height = window.height
  const line = window.kernelWidth * channels
  const pitch = <usize>(width * channels) << 2
  const strideX = window.strideX
  const strideY = window.strideY
  const endX = window.outputWidth * strideX - window.left
  const endY = window.outputHeight * strideY - window.top
  let image = first / (window.outputWidth * window.outputHeight)
  let top = ((first / window.outputWidth) % window.outputHeight) * strideY - window.top
  let left = (first % window.outputWidth) * strideX - window.left
  for (let i = 0; i < count; i++) {
    const from = min(line, firstTap(left) * channels)
    const to = max(from, endTap(left, window.kernelWidth, width) * channels)
    let source = pixel(images, image, top, left, height, width, channels) + (<usize>from << 2)
    for (let y = top; y < top + window.kernelHeight; y++, columns += <usize>line << 2, source += pitch) {
      const outside = <u32>y >= <u32>height
      const inside = columns + (<usize>from << 2)
      if (scatter) {
        if (!outside) addRow(source, inside, to - from)
      } else if (outside) zeroRow(columns, line)
      else {
        if (from > 0) zeroRow(columns, from)
        copyRow(inside, source, to - from)
        if (to < line) zeroRow(columns + (<usize>to << 2), line - to)
      }
    }
    left += strideX
    if (left == endX) {
      left = -window.left
      top += strideY
      if (top == endY) {
        top = -window.top
        image++
      }
    }
  }
}
