/** Copy an image into the middle of a larger one, zero elsewhere. */
export function copyImage(
  source: usize, height: i32, width: i32, channels: i32,
  top: i32, left: i32, targetHeight: i32, targetWidth: i32, target: usize
): void {
  const line = <usize>(width * channels) << 2
  const before = <usize>(left * channels) << 2
  const pitch = <usize>(targetWidth * channels) << 2
  memory.fill(target, 0, <usize>top * pitch)
  target += <usize>top * pitch
  for (let y = 0; y < height; y++, source += line, target += pitch) {
    memory.fill(target, 0, before)
    memory.copy(target + before, source, line)
    memory.fill(target + before + line, 0, pitch - before - line)
  }
  memory.fill(target, 0, <usize>(targetHeight - top - height) * pitch)
}
