import { InvalidParametersError } from '../errors.js'
import type { Layout } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Compressor, CompressorKind, Kept } from './compressor.js'
import { float32 } from './float32.js'
import { joined } from './joined.js'
import { gatherRanges, indicesOf, keptLayout, scatterRanges, totalLength, type Range } from './kept.js'
import { keptCount, parseRatio } from './ratio.js'
import { decodeSeed, drawPositions, encodeSeed, SEED_BYTES } from './seeded-draw.js'

/** @default 256 */
export const DEFAULT_BLOCK_LENGTH = 256
const LARGEST_BLOCK = 65_536

/**
 * `random-blocks:R[:SIZE]`, with `+quantize:4` or the like to code the values: of the vector's blocks of SIZE consecutive
 * coordinates, max(1, round(R * blocks)), every set of them as likely as any other. No bits go into indices: the message carries
 * the seed that they were drawn with. What `random-k` does a value at a time, at the speed at which memory is copied.
 *
 * With exact values E||C(x) - x||^2 = (1 - share) ||x||^2, a contraction, where share is that of the blocks sent. Each
 * coordinate is as likely to be sent as any other; those of a block are sent together, so one message may miss a whole small
 * tensor. Values are not scaled by 1 / share, which would make it unbiased but no contraction; so it needs error feedback, or a
 * strategy that sends differences. Keeps no state: a lost message costs nothing but itself.
 *
 * Wire: a little-endian seed of 4 bytes, then the values in order. The vector's last block may be short.
 *
 * Step size for CHOCO-SGD: share^1.3, as for `random-k`: in bare consensus a coordinate knows nothing of the others.
 *
 * Source: Stich, Cordonnier, Jaggi, "Sparsified SGD with Memory", NeurIPS 2018 (random k, there coordinates, here blocks).
 */
export const randomBlocks: CompressorKind = {
  name: 'random-blocks',
  composes: true,
  create(argument, layout, inner = kept => float32.create(undefined, kept)) {
    const [ratio, length, ...rest] = argument?.split(':') ?? []
    if (rest.length > 0) {
      throw new InvalidParametersError(
        `random-blocks:${argument}: expected the share to send and the length of a block, as in random-blocks:0.1:256`
      )
    }
    return new RandomBlocks(parseRatio('random-blocks', ratio), parseBlockLength(length), layout, inner)
  }
}

class RandomBlocks implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly stepSize: number
  readonly sparse: true | undefined
  readonly decodeKept: ((bytes: Uint8Array) => Kept) | undefined
  readonly #size: number
  readonly #blockLength: number
  readonly #blocks: number
  readonly #count: number
  /** Codes blocks that are all full; undefined when the last one, which is short, is always sent. */
  readonly #full: Compressor | undefined
  /** Codes blocks of which the last one is short. */
  readonly #short: Compressor

  constructor(ratio: number, blockLength: number, { size }: Layout, inner: (layout: Layout) => Compressor) {
    this.#size = size
    this.#blockLength = blockLength
    this.#blocks = Math.ceil(size / blockLength)
    this.#count = keptCount(ratio, this.#blocks)
    const missing = this.#blocks * blockLength - size
    this.#short = inner(keptLayout(this.#count * blockLength - missing))
    if (this.#count < this.#blocks) {
      this.#full = inner(keptLayout(this.#count * blockLength))
      this.sparse = true
      this.decodeKept = bytes => {
        const { ranges, values } = this.#decodeRanges(bytes)
        return { indices: indicesOf(ranges), values }
      }
    }
    this.spec = `random-blocks:${ratio}:${blockLength}+${this.#short.spec}`
    this.maxBytes = SEED_BYTES + Math.max(this.#short.maxBytes, this.#full?.maxBytes ?? 0)
    this.stepSize = (this.#count / this.#blocks) ** 1.3 * (this.#short.stepSize ?? 1)
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    const seed = rng.uint32()
    const ranges = this.#draw(seed)
    return joined(encodeSeed(seed), this.#values(ranges).encode(gatherRanges(input, ranges), rng))
  }

  decode(bytes: Uint8Array, output: Float32Array): void {
    const { ranges, values } = this.#decodeRanges(bytes)
    scatterRanges(values, ranges, output)
  }

  #decodeRanges(bytes: Uint8Array): { ranges: Range[]; values: Float32Array } {
    const ranges = this.#draw(decodeSeed(this.spec, bytes))
    const values = new Float32Array(totalLength(ranges))
    this.#values(ranges).decode(bytes.subarray(SEED_BYTES), values)
    return { ranges, values }
  }

  #draw(seed: number): Range[] {
    return Array.from(drawPositions('random-blocks', seed, this.#count, this.#blocks), block => {
      const start = block * this.#blockLength
      return { start, end: Math.min(start + this.#blockLength, this.#size) }
    })
  }

  #values(ranges: readonly Range[]): Compressor {
    return this.#full !== undefined && ranges[ranges.length - 1].end < this.#size ? this.#full : this.#short
  }
}

function parseBlockLength(argument: string | undefined): number {
  if (argument === undefined) return DEFAULT_BLOCK_LENGTH
  const length = argument.trim() === '' ? NaN : Number(argument)
  if (Number.isInteger(length) && length >= 1 && length <= LARGEST_BLOCK) return length
  throw new InvalidParametersError(
    `random-blocks: blocks of "${argument}"; expected a whole number from 1 to ${LARGEST_BLOCK}, as in random-blocks:0.1:256`
  )
}
