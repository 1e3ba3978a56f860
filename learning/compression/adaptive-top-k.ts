import { parseBudget, type Budget } from '../budget.js'
import { MalformedUpdateError } from '../errors.js'
import type { Layout } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Adaptive } from './adaptive.js'
import type { Compressor, CompressorKind, Kept } from './compressor.js'
import { decodeIndices, encodeIndices, mostIndexBytes } from './index-set.js'
import { joined } from './joined.js'
import { gather, keptLayout, scatter } from './kept.js'
import { largestMagnitudes } from './largest.js'
import { quantize } from './quantize.js'
import { keptCount } from './ratio.js'
import { sign } from './sign.js'

/** Above this density little of a residual is left to send, and a hostile message could ask for more memory. */
const LARGEST_DENSITY = 0.1
/** What a message holds usually, and at least; a smaller share of a small model would take many rounds to get through it. */
const USUAL_DENSITY = 0.01
const LEAST_USUAL_VALUES = 1000
/** At least so many times the usual values a strategy may ask for. */
const LARGEST_SCALE = 8
/** Of fewer values a message is more head than content. */
const FEWEST_VALUES = 64
/** The form, and how many values. */
const HEAD_BYTES = 1 + 4
/** What an index takes beyond log2(size / count) bits, by Golomb-Rice, when they are spread evenly. */
const INDEX_BITS = 1.5

/** How the values may be coded, in the order of their numbers on the wire. */
const FORMS: readonly ((layout: Layout) => Compressor)[] = [
  layout => sign.create(undefined, layout),
  layout => quantize.create('4', layout),
  layout => quantize.create('8', layout)
]
/** The form that step sizes are reckoned with. */
const USUAL_FORM = 1
/** The form of the shortest messages. */
const SHORTEST_FORM = 0

/**
 * `adaptive-top-k`: `top-k` with a density and bits a value that may be others in every message. How long messages are is for the
 * strategy to say, around a hundredth of the values (at least 1,000) by a bit each, or for a budget, as in
 * `adaptive-top-k:200KB/round`. For its length, each message takes that of `sign`, `quantize:4` and `quantize:8` which takes most of
 * the input away: many values that are alike want one bit each, few large ones more. ||x - C(x)||^2 is then least, among the three.
 *
 * Biased: it needs error feedback, or a strategy that sends differences. Step size for CHOCO-SGD as `top-k` has it, of the
 * density that the length allows: neighbours of very different budgets then differ in it.
 *
 * Wire: the number of the form, a byte; the number of values, 4 bytes, little-endian; unless it has all values, index set; values.
 */
export const adaptiveTopK: CompressorKind = {
  name: 'adaptive-top-k',
  create: (argument, { size }) =>
    argument === undefined ? new AdaptiveTopK(size) : new AdaptiveTopK(size, { budget: parseBudget(argument) })
}

interface AdaptiveTopKInit {
  readonly budget?: Budget
  /** Of a message, about. @default as many as usual; with a budget, as many as it may have */
  readonly bytes?: number
}

class AdaptiveTopK implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly stepSize: number
  readonly sparse = true
  readonly adaptive: Adaptive | undefined
  readonly scaled: ((factor: number) => Compressor) | undefined
  readonly #size: number
  readonly #mostValues: number
  /** How many values each form has room for. */
  readonly #counts: readonly number[]

  constructor(size: number, { budget, bytes }: AdaptiveTopKInit = {}) {
    this.#size = size
    const usual = Math.min(size, Math.max(LEAST_USUAL_VALUES, keptCount(USUAL_DENSITY, size)))
    const most = keptCount(LARGEST_DENSITY, size)
    this.#mostValues = budget === undefined ? Math.min(size, Math.max(LARGEST_SCALE * usual, most)) : most
    const least = Math.min(FEWEST_VALUES, this.#mostValues)
    const allowed = bytes ?? (budget === undefined ? this.#usualBytes(SHORTEST_FORM, usual) : Infinity)
    this.#counts = FORMS.map((_, form) => this.#valuesWithin(form, allowed))
    this.spec = budget === undefined ? adaptiveTopK.name : `${adaptiveTopK.name}:${budget.spec}`
    const longest = FORMS.map(form => form(keptLayout(this.#mostValues)).maxBytes)
    this.maxBytes = HEAD_BYTES + mostIndexBytes(this.#mostValues, size) + Math.max(...longest)
    this.stepSize = (this.#counts[USUAL_FORM] / size) ** 0.6
    if (budget === undefined) {
      this.scaled = factor => {
        const values = Math.min(this.#mostValues, Math.max(least, Math.round(factor * usual)))
        return new AdaptiveTopK(size, { bytes: this.#usualBytes(SHORTEST_FORM, values) })
      }
    } else {
      this.adaptive = {
        budget,
        leastBytes: Math.ceil(this.#usualBytes(USUAL_FORM, least)),
        within: length => new AdaptiveTopK(size, { budget, bytes: length })
      }
    }
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    const largest = largestMagnitudes(input, Math.max(...this.#counts))
    const values = gather(input, largest)
    const messages = this.#counts.map((count, form) => {
      const places = largestMagnitudes(values, count)
      const indices = places.map(place => largest[place])
      return this.#encodeAs(form, indices, gather(values, places), rng.fork(form))
    })
    return messages.reduce((best, other) => (other.taken > best.taken ? other : best)).bytes
  }

  decode(bytes: Uint8Array, output: Float32Array): void {
    scatter(this.decodeKept(bytes), output)
  }

  readonly decodeKept = (bytes: Uint8Array): Kept => {
    const { length } = bytes
    if (length < HEAD_BYTES || length > this.maxBytes) {
      throw new MalformedUpdateError(`${this.spec}: message of ${length} bytes; expected up to ${this.maxBytes}`)
    }
    const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true)
    if (bytes[0] >= FORMS.length || count === 0 || count > this.#mostValues) {
      throw new MalformedUpdateError(
        `${this.spec}: ${count} values of the form ${bytes[0]}; expected at most ${this.#mostValues}`
      )
    }
    const indices = new Uint32Array(count)
    const values = new Float32Array(count)
    const coded = bytes.subarray(HEAD_BYTES)
    let end = 0
    if (count === this.#size) for (let i = 0; i < count; i++) indices[i] = i
    else end = decodeIndices(coded, indices, this.#size)
    FORMS[bytes[0]](keptLayout(count)).decode(coded.subarray(end), values)
    return { indices, values }
  }

  /** @returns the message, and by how much it makes the squared norm of the input smaller */
  #encodeAs(form: number, indices: Uint32Array, values: Float32Array, rng: Rng): { bytes: Uint8Array; taken: number } {
    const coder = FORMS[form](keptLayout(values.length))
    const coded = coder.encode(values, rng)
    const decoded = new Float32Array(values.length)
    coder.decode(coded, decoded)
    let taken = 0
    for (let i = 0; i < values.length; i++) taken += values[i] ** 2 - (values[i] - decoded[i]) ** 2
    const head = new Uint8Array(HEAD_BYTES)
    head[0] = form
    new DataView(head.buffer).setUint32(1, values.length, true)
    const places = values.length === this.#size ? new Uint8Array() : encodeIndices(indices, this.#size)
    return { bytes: joined(head, joined(places, coded)), taken }
  }

  /** The most values whose message is not longer; at least one. */
  #valuesWithin(form: number, bytes: number): number {
    let fits = 1
    let tooMany = this.#mostValues
    if (this.#usualBytes(form, tooMany) <= bytes) return tooMany
    while (tooMany - fits > 1) {
      const count = (fits + tooMany) >>> 1
      if (this.#usualBytes(form, count) <= bytes) fits = count
      else tooMany = count
    }
    return fits
  }

  #usualBytes(form: number, count: number): number {
    const indexBits = count === this.#size ? 0 : count * (Math.log2(this.#size / count) + INDEX_BITS)
    return HEAD_BYTES + 1 + indexBits / 8 + FORMS[form](keptLayout(count)).maxBytes
  }
}
