import { MalformedUpdateError } from '../../errors.js'

/** What a `BitWriter` wrote; the bytes are hostile. Throws MalformedUpdateError where they end too early. */
export class BitReader {
  readonly #bytes: Uint8Array
  #at: number
  #pending = 0
  #filled = 0

  /** @param at - byte to begin with */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** @param bits - at most 24 */
  read(bits: number): number {
    this.#fill()
    if (bits > this.#filled) throw tooShort()
    const value = this.#pending & ((1 << bits) - 1)
    this.#pending >>>= bits
    this.#filled -= bits
    return value
  }

  /** Count ones up to a zero. @throws MalformedUpdateError when there are more than `most` */
  readUnary(most: number): number {
    for (let count = 0; ;) {
      this.#fill()
      if (this.#filled === 0) throw tooShort()
      const ones = Math.min(trailingZeros(~this.#pending), this.#filled)
      const ended = ones < this.#filled
      count += ones
      this.#pending >>>= ended ? ones + 1 : ones
      this.#filled -= ended ? ones + 1 : ones
      if (count > most) throw new MalformedUpdateError(`more than ${most} ones in a row`)
      if (ended) return count
    }
  }

  /** @returns the byte after the last one read from. @throws MalformedUpdateError unless what is left of that is zeros */
  end(): number {
    const unused = this.#filled & 7
    if ((this.#pending & ((1 << unused) - 1)) !== 0) throw new MalformedUpdateError('padding bits are not zero')
    return this.#at - (this.#filled >>> 3)
  }

  /** To at least 24 bits, where the bytes reach; at most 31, so that no shift is by 32. */
  #fill(): void {
    while (this.#filled < 24 && this.#at < this.#bytes.length) {
      this.#pending |= this.#bytes[this.#at++] << this.#filled
      this.#filled += 8
    }
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word)
}

function tooShort(): MalformedUpdateError {
  return new MalformedUpdateError('bits end too early')
}
