import { convertIndexedToRgb, decode, hasPngSignature } from 'fast-png'
import { InvalidDataError } from './errors.js'
import type { ImageSchema } from './schema.js'

/** A picture as a model takes it: `channels` numbers a pixel, 0 to 255, row after row. */
interface Picture {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: Float32Array
}

/** Whether light becomes dark: `auto` when the edge of the picture is lighter than half, as paper is. */
export type Invert = 'auto' | 'yes' | 'no'

/** Share of red, green and blue in the brightness that people see (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114]
const white = 255

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && hasPngSignature(bytes)
}

/**
 * The pixels of a PNG image, as the model of an image task takes them: one channel or three as the task has, what is
 * transparent on white; the whole picture shrunk or stretched to fit, each new pixel the mean of what it covers, its
 * proportions kept, and the rest filled with the colour of its edge.
 *
 * MNIST and its kin are white on black. Pictures of one channel that are dark on light are inverted, unless told otherwise.
 *
 * @param name - of the file, for messages
 * @returns height x width x channels numbers, 0 to 255
 * @throws InvalidDataError when it cannot be decoded, or the task's rows are no images
 */
export function readPng(name: string, bytes: Uint8Array, schema: ImageSchema, invert: Invert = 'auto'): number[] {
  const [height, width, channels] = schema.imageShape
  if (channels !== 1 && channels !== 3) {
    const problem = `the model takes ${schema.imageShape.join(' x ')}, no images of 1 or 3 channels. Give it rows of numbers.`
    throw new InvalidDataError(name, problem)
  }
  const colours = onWhite(name, bytes)
  if (channels === 3) return [...fit(colours, width, height)]
  const grey = toGrey(colours)
  const inverted = invert === 'yes' || (invert === 'auto' && edgeOf(grey)[0] > white / 2)
  return [...fit(inverted ? negative(grey) : grey, width, height)]
}

function onWhite(name: string, bytes: Uint8Array): Picture {
  let decoded: ReturnType<typeof decode>
  try {
    decoded = decode(bytes, { checkCrc: true })
  } catch (cause) {
    const problem = `no PNG image: ${(cause as Error).message}. Save it again as PNG.`
    throw new InvalidDataError(name, problem, { cause })
  }
  const { width, height, palette, depth } = decoded
  const most = palette === undefined ? 2 ** depth - 1 : white
  const given = palette === undefined ? unpacked(decoded) : convertIndexedToRgb(decoded)
  const channels = given.length / (width * height)
  const hasAlpha = channels === 2 || channels === 4
  const data = new Float32Array(3 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = hasAlpha ? given[pixel * channels + channels - 1] / most : 1
    for (let colour = 0; colour < 3; colour++) {
      const value = given[pixel * channels + (channels > 2 ? colour : 0)] / most
      data[3 * pixel + colour] = white * (alpha * value + 1 - alpha)
    }
  }
  return { width, height, channels: 3, data }
}

/** Pixels of less than 8 bits, several of which share a byte, one by one. Each row begins with a new byte. */
function unpacked({ width, height, depth, channels, data }: ReturnType<typeof decode>): ArrayLike<number> {
  if (depth >= 8) return data
  const values = width * channels
  const bytesPerRow = Math.ceil((values * depth) / 8)
  return Uint8Array.from({ length: values * height }, (_, i) => {
    const bit = (i % values) * depth
    const byte = data[Math.floor(i / values) * bytesPerRow + (bit >> 3)]
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
  })
}

function toGrey({ width, height, data }: Picture): Picture {
  const grey = Float32Array.from({ length: width * height }, (_, pixel) =>
    luma.reduce((sum, share, colour) => sum + share * data[3 * pixel + colour], 0)
  )
  return { width, height, channels: 1, data: grey }
}

function negative(picture: Picture): Picture {
  return { ...picture, data: picture.data.map(value => white - value) }
}

/** Mean over the outermost pixels, channel by channel. */
function edgeOf({ width, height, channels, data }: Picture): number[] {
  const sums = new Array<number>(channels).fill(0)
  let pixels = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (x > 0 && y > 0 && x < width - 1 && y < height - 1) continue
      pixels++
      for (let c = 0; c < channels; c++) sums[c] += data[(y * width + x) * channels + c]
    }
  }
  return sums.map(sum => sum / pixels)
}

function fit(picture: Picture, width: number, height: number): Float32Array {
  const { channels } = picture
  const scale = Math.min(width / picture.width, height / picture.height)
  const inner = {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale))
  }
  const left = Math.floor((width - inner.width) / 2)
  const top = Math.floor((height - inner.height) / 2)
  const edge = edgeOf(picture)
  const output = Float32Array.from({ length: width * height * channels }, (_, i) => edge[i % channels])
  for (let y = 0; y < inner.height; y++) {
    const rows = covered(y, inner.height, picture.height)
    for (let x = 0; x < inner.width; x++) {
      const columns = covered(x, inner.width, picture.width)
      const to = ((top + y) * width + left + x) * channels
      for (let c = 0; c < channels; c++) output[to + c] = meanOf(picture, rows, columns, c)
    }
  }
  return output
}

interface Span {
  readonly from: number
  readonly to: number
}

/** What of a side of `from` pixels the new pixel `index` of `to` covers. */
function covered(index: number, to: number, from: number): Span {
  return { from: (index * from) / to, to: ((index + 1) * from) / to }
}

/** Of one channel over an area, pixels that are partly inside counting in part. */
function meanOf({ width, channels, data }: Picture, rows: Span, columns: Span, channel: number): number {
  let sum = 0
  let area = 0
  for (let y = Math.floor(rows.from); y < rows.to; y++) {
    const high = Math.min(rows.to, y + 1) - Math.max(rows.from, y)
    for (let x = Math.floor(columns.from); x < columns.to; x++) {
      const share = high * (Math.min(columns.to, x + 1) - Math.max(columns.from, x))
      sum += share * data[(y * width + x) * channels + channel]
      area += share
    }
  }
  return sum / area
}
