import type { Compressor } from '../compression/compressor.js'
import { MalformedUpdateError } from '../errors.js'
import { allFinite, axpy } from '../parameters.js'
import type { CopyHeader, RejectReason, Update } from './averaging.js'
import type { Scratch } from './scratch.js'

/** The most differences in one message. */
export const MAX_PARTS = 64

/** Version of a copy that is no result of differences: a hash of its bits, so equal copies have equal versions. */
export function versionOf(copy: Float32Array): number {
  return hash(0x811c9dc5, new Uint32Array(copy.buffer, copy.byteOffset, copy.length))
}

/** Version of a copy after a difference: who applies the same differences to the same copy gets to the same version. */
export function versionAfter(version: number, difference: Uint8Array): number {
  return hash(version, difference)
}

/** Fowler-Noll-Vo 1a over words or bytes, 32 bits. Finds accidents, not forgeries. */
function hash(from: number, items: Uint32Array | Uint8Array): number {
  let state = from ^ items.length
  for (let i = 0; i < items.length; i++) {
    state = Math.imul(state ^ items[i], 0x01000193)
    state ^= state >>> 15
  }
  return state >>> 0
}

/** A full copy as it travels: little-endian float32. */
export function encodeCopy(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true)
  return bytes
}

/** @param bytes - 4 for each value, which are written to `values`, changing it; they may be anything */
export function decodeCopy(bytes: Uint8Array, values: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true)
}

/** A node's model as its neighbours know it: CHOCO-SGD's x-hat. */
export class PublicCopy {
  readonly values: Float32Array
  version: number

  /** @param values - copied */
  constructor(values: Float32Array, version: number) {
    this.values = values.slice()
    this.version = version
  }

  /**
   * Bring the copy up to date, changing it; when that is refused it stays as it was.
   *
   * @param update - of a peer: hostile until checked
   * @param scratch - changed
   * @returns why not, or undefined
   */
  receive({ copy, payload }: Update, compressor: Compressor, scratch: Scratch): RejectReason | undefined {
    if (copy === undefined) return 'malformed'
    try {
      const version =
        copy.parts.length === 0 ? full(copy, payload, scratch) : this.#add(copy, payload, compressor, scratch)
      if (version === undefined) return 'unknown-version'
      if (!allFinite(scratch.theirs)) return 'not-finite'
      this.reset(scratch.theirs, version)
    } catch (error) {
      if (error instanceof MalformedUpdateError) return 'malformed'
      throw error
    }
  }

  reset(values: Float32Array, version: number): void {
    this.values.set(values)
    this.version = version
  }

  /** Leave in `scratch.theirs` the copy with all differences that it lacks. @returns its version, if they build upon it */
  #add(copy: CopyHeader, payload: Uint8Array, compressor: Compressor, scratch: Scratch): number | undefined {
    const parts = split(payload, copy.parts)
    let { version } = copy
    let known = version === this.version
    scratch.theirs.set(this.values)
    for (const part of parts) {
      if (known) {
        compressor.decode(part, scratch.ours.fill(0))
        axpy(1, scratch.ours, scratch.theirs)
      }
      version = versionAfter(version, part)
      // A repair may begin with differences that have arrived after all.
      known ||= version === this.version
    }
    return known ? version : undefined
  }
}

/** Leave a full copy in `scratch.theirs`. @returns its version */
function full({ version }: CopyHeader, payload: Uint8Array, { theirs }: Scratch): number {
  if (payload.length !== 4 * theirs.length) {
    throw new MalformedUpdateError(`full copy of ${payload.length} bytes; expected ${4 * theirs.length}`)
  }
  decodeCopy(payload, theirs)
  return version
}

function split(payload: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  if (lengths.length > MAX_PARTS || total !== payload.length || lengths.some(length => !(length >= 0))) {
    throw new MalformedUpdateError(`${lengths.length} differences of ${total} bytes in ${payload.length}`)
  }
  let start = 0
  return lengths.map(length => payload.subarray(start, (start += length)))
}
