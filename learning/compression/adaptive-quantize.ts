import { DEFAULT_BUDGET, parseBudget, type Budget } from '../budget.js'
import { MalformedUpdateError } from '../errors.js'
import type { Layout } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Adaptive } from './adaptive.js'
import type { Compressor, CompressorKind } from './compressor.js'
import { float16 } from './float16.js'
import { joined } from './joined.js'
import { quantize } from './quantize.js'

/**
 * `adaptive-quantize:2MB/round`: `quantize:4`, `quantize:8` or `float16`, another in every message. Between the lengths of two
 * of them a message is one or the other at random, so that its expected length is what is allowed. (2 bits would lose more
 * than they bring.)
 *
 * Keeps every value, so it is for strategies that send models. Right on average, but for what `float16` rounds.
 *
 * Wire: a byte, 0 to 2 for one of those three; then its message.
 */
export const adaptiveQuantize: CompressorKind = {
  name: 'adaptive-quantize',
  create: (argument, layout) => new AdaptiveQuantize(parseBudget(argument ?? DEFAULT_BUDGET), formsOf(layout))
}

/** From the shortest to the longest. */
function formsOf(layout: Layout): readonly Compressor[] {
  return [quantize.create('4', layout), quantize.create('8', layout), float16.create(undefined, layout)]
}

class AdaptiveQuantize implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly adaptive: Adaptive
  readonly #forms: readonly Compressor[]
  /** Of a message, on average. */
  readonly #bytes: number

  constructor(budget: Budget, forms: readonly Compressor[], bytes = Infinity) {
    this.#forms = forms
    this.#bytes = bytes
    this.spec = `${adaptiveQuantize.name}:${budget.spec}`
    this.maxBytes = 1 + Math.max(...forms.map(({ maxBytes }) => maxBytes))
    this.adaptive = {
      budget,
      leastBytes: 1 + Math.min(...forms.map(({ maxBytes }) => maxBytes)),
      within: length => new AdaptiveQuantize(budget, forms, length)
    }
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    const form = this.#choose(rng.fork('form'))
    return joined(Uint8Array.of(form), this.#forms[form].encode(input, rng))
  }

  decode(bytes: Uint8Array, output: Float32Array): void {
    if (bytes.length === 0 || bytes[0] >= this.#forms.length) {
      throw new MalformedUpdateError(`${this.spec}: message of ${bytes.length} bytes, of the form ${bytes[0]}`)
    }
    this.#forms[bytes[0]].decode(bytes.subarray(1), output)
  }

  #choose(rng: Rng): number {
    const lengths = this.#forms.map(({ maxBytes }) => 1 + maxBytes)
    const above = lengths.findIndex(length => length > this.#bytes)
    if (above < 0) return lengths.length - 1
    if (above === 0) return 0
    const share = (this.#bytes - lengths[above - 1]) / (lengths[above] - lengths[above - 1])
    return rng.uniform() < share ? above : above - 1
  }
}
