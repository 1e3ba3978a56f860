/** Bits into bytes, the first into the lowest bit of a byte. */
export class BitWriter {
  readonly #bytes: Uint8Array
  #at: number
  /** Written, but not in `#bytes` yet: fewer than 8 bits between calls. */
  #pending = 0
  #filled = 0

  /**
   * @param bytes - long enough for all that will be written: nobody checks
   * @param at - byte to begin with
   */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** @param bits - at most 24; `value` is below 2^bits */
  write(value: number, bits: number): void {
    this.#pending |= value << this.#filled
    this.#filled += bits
    while (this.#filled >= 8) {
      this.#bytes[this.#at++] = this.#pending
      this.#pending >>>= 8
      this.#filled -= 8
    }
  }

  /** `count` ones, then a zero. */
  writeUnary(count: number): void {
    let left = count
    for (; left >= 16; left -= 16) this.write(0xffff, 16)
    this.write((1 << left) - 1, left + 1)
  }

  /** Fill the last byte with zeros. @returns the byte after it */
  end(): number {
    if (this.#filled > 0) this.write(0, 8 - this.#filled)
    return this.#at
  }
}
