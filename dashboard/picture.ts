/** An image as the model takes it: height x width x channels numbers from 0 to 255 in one row. */
export type Pixels = number[]

/** What the model takes: [height, width, channels], channels 1 (grey) or 3. */
export interface PictureShape {
  readonly height: number
  readonly width: number
  readonly channels: number
}

export function shapeOfPicture([height, width, channels = 1]: readonly number[]): PictureShape | undefined {
  return height > 0 && width > 0 && (channels === 1 || channels === 3) ? { height, width, channels } : undefined
}

/** Scale an image file to what the model takes; dark on light becomes light on dark, as handwriting sets have it. */
export async function pixelsOfFile(file: Blob, shape: PictureShape): Promise<Pixels> {
  const bitmap = await createImageBitmap(file)
  const context = contextOf(shape.width, shape.height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, shape.width, shape.height)
  bitmap.close()
  const pixels = pixelsOf(context, shape)
  return shape.channels === 1 && isLight(pixels, shape) ? pixels.map(pixel => 255 - pixel) : pixels
}

/**
 * Scale a drawing to what the model takes. One channel: as MNIST was made, the ink fills 20 of 28 parts of the image, and
 * its centre of mass is in the middle (LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998).
 */
export function pixelsOfDrawing(canvas: HTMLCanvasElement, shape: PictureShape): Pixels {
  const context = contextOf(shape.width, shape.height)
  context.imageSmoothingQuality = 'high'
  const ink = shape.channels === 1 ? inkOf(canvas) : undefined
  if (ink === undefined) context.drawImage(canvas, 0, 0, shape.width, shape.height)
  else {
    const scale = ((20 / 28) * Math.min(shape.width, shape.height)) / Math.max(ink.width, ink.height)
    const left = shape.width / 2 - (ink.centreX - ink.left) * scale
    const top = shape.height / 2 - (ink.centreY - ink.top) * scale
    const { width, height } = ink
    context.drawImage(canvas, ink.left, ink.top, width, height, left, top, width * scale, height * scale)
  }
  return pixelsOf(context, shape)
}

/** Show what the model sees. Changes the canvas. */
export function showPixels(canvas: HTMLCanvasElement, pixels: Pixels, { width, height, channels }: PictureShape): void {
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')!
  const image = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i * channels + (channels === 3 ? c : 0)]
    image.data[4 * i + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

function contextOf(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return canvas.getContext('2d', { willReadFrequently: true })!
}

/** Transparent counts as black. */
function pixelsOf(context: CanvasRenderingContext2D, { width, height, channels }: PictureShape): Pixels {
  const { data } = context.getImageData(0, 0, width, height)
  const pixels: Pixels = []
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [0, 1, 2].map(c => (data[i + c] * data[i + 3]) / 255)
    if (channels === 3) pixels.push(Math.round(red), Math.round(green), Math.round(blue))
    else pixels.push(Math.round(0.299 * red + 0.587 * green + 0.114 * blue))
  }
  return pixels
}

/** Whether the border is light on average. */
function isLight(pixels: Pixels, { width, height }: PictureShape): boolean {
  const border = pixels.filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    return x === 0 || y === 0 || x === width - 1 || y === height - 1
  })
  return border.reduce((a, b) => a + b, 0) / border.length > 127
}

/** The box around what is drawn, and its centre of mass; undefined when nothing is. */
function inkOf(canvas: HTMLCanvasElement) {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
  let [left, top, right, bottom] = [canvas.width, canvas.height, -1, -1]
  let [mass, sumX, sumY] = [0, 0, 0]
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const weight = data[4 * (y * canvas.width + x) + 3]
      if (weight === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
      mass += weight
      sumX += weight * x
      sumY += weight * y
    }
  }
  if (mass === 0) return undefined
  const [width, height] = [right - left + 1, bottom - top + 1]
  return { left, top, width, height, centreX: sumX / mass, centreY: sumY / mass }
}
