import { at } from './gemm'
import { copyRow, zeroRow } from './rows'

/** Copy an image into the middle of a larger one, zero elsewhere. */
export function copyImage(
  source: usize, height: i32, width: i32, channels: i32,
  top: i32, left: i32, targetHeight: i32, targetWidth: i32, target: usize
): void {
  const line = width * channels
  const before = left * channels
  const pitch = targetWidth * channels
  const after = pitch - before - line
  zeroRow(target, top * pitch)
  target = at(target, top * pitch)
  for (let y = 0; y < height; y++, source = at(source, line), target = at(target, pitch)) {
    zeroRow(target, before)
    copyRow(at(target, before), source, line)
    zeroRow(at(target, before + line), after)
  }
  zeroRow(target, (targetHeight - top - height) * pitch)
}
