import { InvalidParametersError, MalformedUpdateError } from '../errors.js'
import type { Layout } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Compressor, CompressorKind, Kept } from './compressor.js'
import { float32 } from './float32.js'
import { decodeIndices, encodeIndices, mostIndexBytes } from './index-set.js'
import { joined } from './joined.js'
import { gather, keptLayout, scatter } from './kept.js'
import { largestMagnitudes } from './largest.js'
import { keptCount, parseRatio } from './ratio.js'

/** @default 1 */
const DEFAULT_LEAST = 1
const LARGEST_LEAST = 1_000_000

/**
 * `top-k:R[:LEAST]`, with `+quantize:4` or the like to code the values: the k = max(LEAST, round(R d)) coordinates of largest
 * magnitude, the first of equal ones; all of them where there are fewer than LEAST.
 *
 * With exact values ||C(x) - x||^2 <= (1 - k / d) ||x||^2, a contraction. Biased: it needs error feedback, or a strategy
 * that sends differences. Meant for those: of a model, what it does not carry stays as the receiver has it.
 *
 * Wire: index set (`index-set.ts`), then the values in the order of their indices. When all the values take no more
 * than that, they are sent and nothing else (k = d, or nearly so with few bits a value).
 *
 * Step size for CHOCO-SGD: R^0.6, or (LEAST / d)^0.6 where that is more, below what bare consensus bears on a ring and on a complete graph of 8 (measured: 0.1 at
 * 1 %, 0.25 at 10 %, 0.6 at 30 %; above it diverges). Training bears more, where gradients are concentrated.
 *
 * Source: Stich, Cordonnier, Jaggi, "Sparsified SGD with Memory", NeurIPS 2018.
 */
export const topK: CompressorKind = {
  name: 'top-k',
  composes: true,
  create(argument, layout, inner = kept => float32.create(undefined, kept)) {
    const [ratio, least, ...rest] = argument?.split(':') ?? []
    if (rest.length > 0) {
      throw new InvalidParametersError(
        `top-k:${argument}: expected the share of values to keep and the least number of them, as in top-k:0.01:500`
      )
    }
    return new TopK(parseRatio('top-k', ratio), parseLeast(least), layout, inner)
  }
}

class TopK implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly stepSize: number
  readonly sparse: true | undefined
  readonly decodeKept: ((bytes: Uint8Array) => Kept) | undefined
  readonly #size: number
  readonly #count: number
  readonly #values: Compressor
  /** Codes all values, where that is smaller. */
  readonly #dense: Compressor | undefined

  constructor(ratio: number, least: number, layout: Layout, inner: (layout: Layout) => Compressor) {
    this.#size = layout.size
    this.#count = Math.min(layout.size, Math.max(least, keptCount(ratio, layout.size)))
    this.#values = inner(keptLayout(this.#count))
    const sparseBytes = mostIndexBytes(this.#count, layout.size) + this.#values.maxBytes
    const dense = inner(layout)
    if (dense.maxBytes <= sparseBytes) this.#dense = dense
    else {
      this.sparse = true
      this.decodeKept = bytes => this.#decodeKept(bytes)
    }
    this.maxBytes = Math.min(dense.maxBytes, sparseBytes)
    this.spec = `top-k:${ratio}${least > DEFAULT_LEAST ? `:${least}` : ''}+${this.#values.spec}`
    this.stepSize = Math.max(ratio, Math.min(1, least / layout.size)) ** 0.6 * (this.#values.stepSize ?? 1)
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    if (this.#dense !== undefined) return this.#dense.encode(input, rng)
    const kept = largestMagnitudes(input, this.#count)
    const indices = encodeIndices(kept, this.#size)
    return joined(indices, this.#values.encode(gather(input, kept), rng))
  }

  decode(bytes: Uint8Array, output: Float32Array): void {
    if (this.#dense !== undefined) return this.#dense.decode(bytes, output)
    scatter(this.#decodeKept(bytes), output)
  }

  #decodeKept(bytes: Uint8Array): Kept {
    if (bytes.length > this.maxBytes) {
      throw new MalformedUpdateError(
        `${this.spec}: message of ${bytes.length} bytes; expected at most ${this.maxBytes}`
      )
    }
    const indices = new Uint32Array(this.#count)
    const values = new Float32Array(this.#count)
    const end = decodeIndices(bytes, indices, this.#size)
    this.#values.decode(bytes.subarray(end), values)
    return { indices, values }
  }
}

function parseLeast(argument: string | undefined): number {
  if (argument === undefined) return DEFAULT_LEAST
  const least = argument.trim() === '' ? NaN : Number(argument)
  if (Number.isInteger(least) && least >= 1 && least <= LARGEST_LEAST) return least
  throw new InvalidParametersError(
    `top-k: at least "${argument}" values; expected a whole number from 1 to ${LARGEST_LEAST}, as in top-k:0.01:500`
  )
}
