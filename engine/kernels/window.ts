import { POINTS } from './polynomials'

/** Floats of transformed values that winograd.ts works on at a time: they stay in a second-level cache. */
const CHUNK_FLOATS: i32 = 65_536

/**
 * How a window slides over images of height x width x channels. The plan writes it as 32-bit integers, in this order
 * (`WindowShape` in plan/window.ts).
 */
// @ts-ignore: decorator
@unmanaged
export class Window {
  height: i32
  width: i32
  channels: i32
  kernelHeight: i32
  kernelWidth: i32
  outputHeight: i32
  outputWidth: i32
  filters: i32
  strideY: i32
  strideX: i32
  /** Rows of padding above the image. */
  top: i32
  /** Columns of padding left of the image. */
  left: i32
  /** Outputs whose columns are gathered at a time. */
  chunk: i32

  /** Floats that an output sees. */
  get depth(): i32 {
    return this.kernelHeight * this.kernelWidth * this.channels
  }

  /** Extents of the image together with the zeros around it that windows see. */
  get paddedHeight(): i32 {
    return max(this.height + this.top, (this.outputHeight - 1) * this.strideY + this.kernelHeight)
  }

  get paddedWidth(): i32 {
    return max(this.width + this.left, (this.outputWidth - 1) * this.strideX + this.kernelWidth)
  }

  /** Whether an output sees one pixel, and each pixel is seen by one. */
  get isPointwise(): bool {
    return this.kernelHeight == 1 && this.kernelWidth == 1 && this.strideY == 1 && this.strideX == 1
  }

  /** Floats of an image. */
  get imageFloats(): i32 {
    return this.height * this.width * this.channels
  }

  get outputFloats(): i32 {
    return this.outputHeight * this.outputWidth * this.filters
  }

  /** Lines that the outputs see. */
  get inputLines(): i32 {
    return this.outputHeight + this.kernelHeight - 1
  }

  /** Neighbouring outputs that are computed together in winograd.ts. */
  get tileOutputs(): i32 {
    return POINTS - this.kernelWidth + 1
  }

  /** Tiles of a line of outputs; the last may reach beyond it. */
  get tiles(): i32 {
    return (this.outputWidth + this.tileOutputs - 1) / this.tileOutputs
  }

  /** Images that winograd.ts takes at a time. */
  get imagesAtATime(): i32 {
    const lines = this.outputHeight * this.filters + this.inputLines * this.channels
    return max(1, CHUNK_FLOATS / (POINTS * this.tiles * lines))
  }

  /** Whether winograd.ts saves enough products. */
  get goesByPoints(): bool {
    if (this.strideY != 1 || this.strideX != 1 || this.channels % 4 != 0 || this.filters % 4 != 0) return false
    if (this.kernelWidth != 3 && this.kernelWidth != 5) return false
    return 4 * POINTS * this.tiles <= 3 * this.outputWidth * this.kernelWidth && this.kernelHeight * this.channels >= 16
  }

  /** Whether, at stride 1, every output sees some of the image: no padding is as wide as the window. */
  get seesImage(): bool {
    if (this.strideY != 1 || this.strideX != 1 || this.top >= this.kernelHeight || this.left >= this.kernelWidth) return false
    return this.outputHeight <= this.height + this.top && this.outputWidth <= this.width + this.left
  }

  /** Whether convolving the output's gradient with the turned filter is the fastest way to the input's gradient. */
  get turnsAround(): bool {
    const outputs = this.outputHeight * this.outputWidth
    return this.seesImage && 4 * this.height * this.width <= 5 * outputs
  }
}

/** The first tap of a window that lies inside the image; the window begins at `start`. */
// @ts-ignore: decorator
@inline
export function firstTap(start: i32): i32 {
  return max(0, -start)
}

/** One past the last tap of a window that lies inside the image. */
// @ts-ignore: decorator
@inline
export function endTap(start: i32, taps: i32, extent: i32): i32 {
  return min(taps, extent - start)
}

/** Address of a channel of a pixel of image number `image`. */
// @ts-ignore: decorator
@inline
export function pixel(base: usize, image: i32, y: i32, x: i32, height: i32, width: i32, channels: i32): usize {
  return base + (<usize>(((image * height + y) * width + x) * channels) << 2)
}
