import { addScaledRow, zeroRow } from './rows'
import { endTap, firstTap, pixel, Window } from './window'

/**
 * Largest value of each window, channel by channel; padding takes no part.
 *
 * @param origins - written: where in its image each maximum was found, the first of equals, as 32-bit indices of floats
 */
export function maxPool(window: Window, rows: i32, x: usize, y: usize, origins: usize): void {
  const channels = window.channels
  const pitch = window.width * channels
  for (let image = 0; image < rows; image++) {
    const base = pixel(x, image, 0, 0, window.height, window.width, channels)
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const top = oy * window.strideY - window.top
      const fromY = firstTap(top)
      const lines = endTap(top, window.kernelHeight, window.height) - fromY
      for (let ox = 0; ox < window.outputWidth; ox++) {
        const left = ox * window.strideX - window.left
        const fromX = firstTap(left)
        const columns = endTap(left, window.kernelWidth, window.width) - fromX
        const first = ((top + fromY) * window.width + left + fromX) * channels
        const end = first + channels
        let c = first
        for (; c + 4 <= end; c += 4, y += 16, origins += 16) largest4(base, c, lines, pitch, columns, channels, y, origins)
        for (; c < end; c++, y += 4, origins += 4) largest(base, c, lines, pitch, columns, channels, y, origins)
      }
    }
  }
}

/**
 * Add each output's gradient where its maximum was found.
 *
 * @param width - floats of one input image
 * @param pooled - floats of one output image
 */
export function maxPoolGradient(
  rows: i32, width: i32, pooled: i32, yGradient: usize, origins: usize, xGradient: usize
): void {
  for (let image = 0; image < rows; image++, xGradient += <usize>width << 2) {
    memory.fill(xGradient, 0, <usize>width << 2)
    for (let i = 0; i < pooled; i++, yGradient += 4, origins += 4) {
      const target = xGradient + (<usize>load<i32>(origins) << 2)
      store<f32>(target, load<f32>(target) + load<f32>(yGradient))
    }
  }
}

/** Mean of the values of each window that lie in the image, channel by channel. */
export function averagePool(window: Window, rows: i32, x: usize, y: usize): void {
  const channels = window.channels
  for (let image = 0; image < rows; image++) {
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const top = oy * window.strideY - window.top
      const endY = endTap(top, window.kernelHeight, window.height)
      for (let ox = 0; ox < window.outputWidth; ox++, y += <usize>channels << 2) {
        const left = ox * window.strideX - window.left
        const endX = endTap(left, window.kernelWidth, window.width)
        const share: f32 = 1 / <f32>((endY - firstTap(top)) * (endX - firstTap(left)))
        zeroRow(y, channels)
        for (let ky = firstTap(top); ky < endY; ky++) {
          for (let kx = firstTap(left); kx < endX; kx++) {
            const source = pixel(x, image, top + ky, left + kx, window.height, window.width, channels)
            addScaledRow(y, source, share, channels)
          }
        }
      }
    }
  }
}

/** Each value of a window gets an equal share of its mean's gradient. */
export function averagePoolGradient(window: Window, rows: i32, yGradient: usize, xGradient: usize): void {
  const channels = window.channels
  memory.fill(xGradient, 0, <usize>(rows * window.height * window.width * channels) << 2)
  for (let image = 0; image < rows; image++) {
    for (let oy = 0; oy < window.outputHeight; oy++) {
      const top = oy * window.strideY - window.top
      const endY = endTap(top, window.kernelHeight, window.height)
      for (let ox = 0; ox < window.outputWidth; ox++, yGradient += <usize>channels << 2) {
        const left = ox * window.strideX - window.left
        const endX = endTap(left, window.kernelWidth, window.width)
        const share: f32 = 1 / <f32>((endY - firstTap(top)) * (endX - firstTap(left)))
        for (let ky = firstTap(top); ky < endY; ky++) {
          for (let kx = firstTap(left); kx < endX; kx++) {
            const target = pixel(xGradient, image, top + ky, left + kx, window.height, window.width, channels)
            addScaledRow(target, yGradient, share, channels)
          }
        }
      }
    }
  }
}

/** The maximum of four neighbouring channels of one window, which begins at float `first` of its image. */
// @ts-ignore: decorator
@inline
function largest4(
  image: usize, first: i32, lines: i32, pitch: i32, columns: i32, channels: i32, y: usize, origin: usize
): void {
  let best = f32x4.splat(-Infinity)
  let found = i32x4.splat(0)
  for (; lines > 0; lines--, first += pitch) {
    let index = first
    for (let left = columns; left > 0; left--, index += channels) {
      const value = v128.load(image + (<usize>index << 2))
      const larger = f32x4.gt(value, best)
      best = v128.bitselect(value, best, larger)
      found = v128.bitselect(i32x4.splat(index), found, larger)
    }
  }
  v128.store(y, best)
  v128.store(origin, i32x4.add(found, i32x4(0, 1, 2, 3)))
}

// @ts-ignore: decorator
@inline
function largest(
  image: usize, first: i32, lines: i32, pitch: i32, columns: i32, channels: i32, y: usize, origin: usize
): void {
  let best: f32 = -Infinity
  let found = first
  for (; lines > 0; lines--, first += pitch) {
    let index = first
    for (let left = columns; left > 0; left--, index += channels) {
      const value = load<f32>(image + (<usize>index << 2))
      if (value > best) {
        best = value
        found = index
      }
    }
  }
  store<f32>(y, best)
  store<i32>(origin, found)
}
