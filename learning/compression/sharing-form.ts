import { InvalidParametersError, MalformedUpdateError } from '../errors.js'
import type { Rng } from '../rng.js'
import type { Compressor, Kept } from './compressor.js'
import { joined } from './joined.js'

const TAG_BYTES = 1
const SEPARATOR = '+sharing:'

/**
 * What of a spec is for rounds with local steps, and what follows `+sharing:`, if anything does.
 *
 * @throws InvalidParametersError when something follows that again
 */
export function splitSharingForm(spec: string): readonly [usual: string, sharing: string | undefined] {
  const [usual, sharing, further] = spec.split(SEPARATOR)
  if (further === undefined) return [usual, sharing]
  throw new InvalidParametersError(`${spec}: there is one kind of rounds of sharing. Remove "${SEPARATOR}${further}".`)
}

/**
 * One compressor for rounds with local steps and one, usually denser, for rounds of sharing alone, as in
 * `top-k:0.01+sharing:quantize:8`. What steps have changed may be left for later as long as there are more of them; a few dense
 * rounds at the end, or time and again, bring what was left.
 *
 * Wire: a byte, 0 or 1, that tells which of the two it was; then its message. So a receiver need not be in the same kind of round.
 *
 * @throws InvalidParametersError when the length of one's messages follows a budget
 */
export function withSharingForm(usual: Compressor, sharing: Compressor, size: number): Compressor {
  const forms = [usual, sharing]
  const spec = usual.spec + SEPARATOR + sharing.spec
  if (forms.some(({ adaptive }) => adaptive !== undefined)) {
    throw new InvalidParametersError(
      `${spec}: a budget holds for every round. Remove it, or "${SEPARATOR}${sharing.spec}".`
    )
  }
  return new Tagged({ spec, forms, size }, 0, usual)
}

interface Forms {
  readonly spec: string
  readonly forms: readonly Compressor[]
  /** Of the vectors. */
  readonly size: number
}

class Tagged implements Compressor {
  readonly spec: string
  readonly maxBytes: number
  readonly sparse: true | undefined
  readonly seekable: true | undefined
  readonly stepSize: number | undefined
  readonly scaled: ((factor: number) => Compressor) | undefined
  readonly sharing: Compressor | undefined
  readonly decodeKept: ((bytes: Uint8Array) => Kept) | undefined
  readonly #init: Forms
  readonly #tag: number
  readonly #encoder: Compressor

  /** @param encoder - the form of this tag, or one of it whose messages are longer or shorter */
  constructor(init: Forms, tag: number, encoder: Compressor) {
    this.#init = init
    this.#tag = tag
    this.#encoder = encoder
    const { spec, forms } = init
    const { stepSize, scaled } = encoder
    this.spec = spec
    this.maxBytes = TAG_BYTES + Math.max(...forms.map(({ maxBytes }) => maxBytes))
    this.stepSize = stepSize
    this.sparse = forms.some(({ sparse }) => sparse) || undefined
    this.seekable = forms.every(({ seekable }) => seekable) || undefined
    this.scaled = scaled && (factor => new Tagged(init, tag, scaled(factor)))
    this.sharing = tag === 0 ? new Tagged(init, 1, forms[1]) : undefined
    if (forms.some(({ decodeKept }) => decodeKept)) this.decodeKept = bytes => this.#decodeKept(bytes)
  }

  encode(input: Float32Array, rng: Rng): Uint8Array {
    return joined(Uint8Array.of(this.#tag), this.#encoder.encode(input, rng))
  }

  decode(bytes: Uint8Array, output: Float32Array, from?: number): void {
    this.#formOf(bytes).decode(bytes.subarray(TAG_BYTES), output, from)
  }

  #decodeKept(bytes: Uint8Array): Kept {
    const form = this.#formOf(bytes)
    const message = bytes.subarray(TAG_BYTES)
    if (form.decodeKept !== undefined) return form.decodeKept(message)
    const values = new Float32Array(this.#init.size)
    form.decode(message, values)
    return { indices: Uint32Array.from(values.keys()), values }
  }

  #formOf(bytes: Uint8Array): Compressor {
    const form: Compressor | undefined = this.#init.forms[bytes[0]]
    if (form !== undefined && bytes.length <= TAG_BYTES + form.maxBytes) return form
    throw new MalformedUpdateError(`${this.spec}: ${bytes.length} bytes that neither of the two can have made`)
  }
}
