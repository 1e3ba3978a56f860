import type { Rng } from '../rng.js'
import type { Compressor, CompressorKind, Kept } from './compressor.js'
import { float32 } from './float32.js'
import { joined } from './joined.js'
import { gather, keptLayout, scatter } from './kept.js'
import { keptCount, parseRatio } from './ratio.js'
import { decodeSeed, drawPositions, encodeSeed, SEED_BYTES } from './seeded-draw.js'

/**
 * `random-k:R`, with `+quantize:4` or the like to code the values: k = max(1, round(R d)) coordinates, every set of them
 * as likely as any other. No bits go into indices: the message carries the seed that they were drawn with.
 *
 * With exact values E||C(x) - x||^2 = (1 - k / d) ||x||^2, a contraction. Values are not scaled by d / k, which would make
 * it unbiased but no contraction; so it needs error feedback, or a strategy that sends differences.
 *
 * Wire: a little-endian seed of 4 bytes, then the values in the order of their indices.
 *
 * Step size for CHOCO-SGD: R^1.3; bare consensus diverges from 0.15 on at 10 %, from 0.5 on at 30 % (measured).
 *
 * Source: Stich, Cordonnier, Jaggi, "Sparsified SGD with Memory", NeurIPS 2018.
 */
export const randomK: CompressorKind = {
  name: 'random-k',
  composes: true,
  create(argument, { size }, inner = kept => float32.create(undefined, kept)): Compressor {
    const ratio = parseRatio('random-k', argument)
    const count = keptCount(ratio, size)
    const values = inner(keptLayout(count))
    const spec = `random-k:${ratio}+${values.spec}`
    const decodeKept = (bytes: Uint8Array): Kept => {
      const seed = decodeSeed(spec, bytes)
      const kept = new Float32Array(count)
      values.decode(bytes.subarray(SEED_BYTES), kept)
      return { indices: drawPositions('random-k', seed, count, size), values: kept }
    }
    return {
      spec,
      maxBytes: SEED_BYTES + values.maxBytes,
      stepSize: ratio ** 1.3 * (values.stepSize ?? 1),
      sparse: count < size ? true : undefined,
      encode(input: Float32Array, rng: Rng) {
        const seed = rng.uint32()
        const kept = gather(input, drawPositions('random-k', seed, count, size))
        return joined(encodeSeed(seed), values.encode(kept, rng))
      },
      decode: (bytes, output) => scatter(decodeKept(bytes), output),
      decodeKept: count < size ? decodeKept : undefined
    }
  }
}
