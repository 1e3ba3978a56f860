import { EngineError } from './errors.js'
import { compileKernels } from './kernel-modules.js'
import type { Address, Kernels } from './kernel-types.js'

const PAGE_BYTES = 65536
/** Of kernels/winograd.ts. */
const POINTS = 8
const CHUNK_FLOATS = 65_536
/** The kernels count in signed 32-bit integers. */
const MOST_BYTES = 2 ** 31
/** A cache line: no two buffers share one, and a kernel may read past the end of a buffer up to its next line. */
const ALIGN_BYTES = 64

/** Hands out room before the memory exists, so that it can be made exactly as large as needed. */
export class KernelMemory {
  // Address 0 means "none" to the kernels.
  #bytes = ALIGN_BYTES
  #memory: WebAssembly.Memory | undefined
  readonly #contents: [Address, Int32Array | Float32Array][] = []

  /** @returns where `floats` zeros, rounded up to a cache line, will be */
  reserve(floats: number): Address {
    const address = this.#bytes
    this.#bytes += Math.ceil((floats * 4) / ALIGN_BYTES) * ALIGN_BYTES
    return address
  }

  /** Reserve room that begins with these values. */
  place(contents: Int32Array | Float32Array): Address {
    const address = this.reserve(contents.length)
    this.#contents.push([address, contents])
    return address
  }

  /**
   * Allocate what was reserved.
   *
   * @param relaxedSimd - as for `compileKernels`
   * @throws EngineError when the kernels were not built, or the memory is not to be had
   */
  open(relaxedSimd = false): Kernels {
    const compiled = compileKernels(relaxedSimd)
    this.#memory = allocate(this.#bytes + ALIGN_BYTES)
    const words = new Int32Array(this.#memory.buffer)
    for (const [address, { buffer, byteOffset, length }] of this.#contents) {
      words.set(new Int32Array(buffer, byteOffset, length), address / 4)
    }
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } })
    return exports as unknown as Kernels
  }

  /** A view, once open. */
  view(address: Address, floats: number): Float32Array {
    if (this.#memory === undefined) throw new Error('kernel memory is not open')
    return new Float32Array(this.#memory.buffer, address, floats)
  }
}

/** Floats that `gemm` needs as scratch. */
export function gemmScratch(m: number, n: number, k: number): number {
  const kept = strips(Math.min(m, n))
  return 32 + Math.min(k, 256) * (kept + 32) + 4 * kept
}

/** What the kernels of a convolution need to know of its window for their scratch. */
export interface ConvolutionExtents {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly outputHeight: number
  readonly outputWidth: number
  readonly filters: number
  readonly strideY: number
  readonly strideX: number
  readonly chunk: number
}

/** Floats that `convolve` and its gradients need as scratch, whatever the number of images. */
export function convolutionScratch(window: ConvolutionExtents): number {
  const { height, width, channels, kernelHeight, kernelWidth, outputWidth, filters, strideY, strideX, chunk } = window
  const taps = kernelHeight * kernelWidth
  const depth = taps * channels
  const padded = (height + kernelHeight + strideY) * (width + kernelWidth + strideX)
  const forward = depth * strips(filters) + Math.max(padded * channels, chunk * depth)
  const filterGradient = Math.max(256, outputWidth) * strips(filters) + padded * channels
  const turned = taps * filters * strips(channels) + padded * filters
  const scattered = chunk * depth + gemmScratch(chunk, depth, filters)
  const pointwise = gemmScratch(Infinity, Math.max(depth, filters), Infinity)
  return 32 + Math.max(forward, filterGradient, turned, scattered, pointwise, transformed(window))
}

/** Floats that a convolution by Winograd's method takes: filters, filters in strips, values of some images, a tile. */
function transformed({ channels, kernelHeight, kernelWidth, outputHeight, outputWidth, filters }: ConvolutionExtents) {
  const lines = POINTS * kernelHeight
  const packed = Math.max(channels * strips(filters), filters * strips(channels))
  const tileOutputs = Math.max(1, POINTS - kernelWidth + 1)
  const tiles = Math.ceil(outputWidth / tileOutputs)
  const image = tiles * ((outputHeight + kernelHeight - 1) * channels + outputHeight * filters)
  const values = POINTS * image + Math.max(CHUNK_FLOATS, POINTS * image) + 2 * POINTS * 16
  const tile = POINTS * Math.max(channels, filters)
  return lines * (channels * filters + packed) + values + Math.max(tile, gemmScratch(channels, filters, Infinity))
}

function strips(lanes: number): number {
  return Math.ceil(lanes / 16) * 16
}

function allocate(bytes: number): WebAssembly.Memory {
  const mebibytes = Math.ceil(bytes / 2 ** 20)
  const problem = `the model and its buffers need ${mebibytes} MiB`
  const remedy = 'Use a smaller model or batch.'
  if (bytes > MOST_BYTES) throw new EngineError(`${problem}; the compiled plan has at most 2048 MiB. ${remedy}`)
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) })
  } catch (cause) {
    throw new EngineError(`${problem}, which this machine does not give. ${remedy}`, { cause })
  }
}
