import { MalformedUpdateError } from '../../errors.js'
import { BitModels } from './bit-models.js'

/** The range is widened by a byte whenever it falls below this. */
const SMALLEST_RANGE = 2 ** 24
const WORD = 2 ** 32

/**
 * Code symbols of `bits` bits each, most significant bit first, with a model for every prefix: a symbol costs about as
 * many bits as its frequency so far calls for.
 *
 * @param symbols - each below 2^bits
 * @param bits - 1 to 8
 * @returns bytes of which the last is not 0; none when zeros would do
 *
 * Source: Martin, "Range encoding: an algorithm for removing redundancy from a digitised message", 1979; in the binary form
 * and with the carry handling of Pavlov's LZMA.
 */
export function rangeEncode(symbols: Uint8Array, bits: number): Uint8Array {
  const models = new BitModels(2 ** bits)
  // A decision costs 10 bits at most (`BitModels`), and a little rounding.
  const bytes = new Uint8Array(Math.ceil((symbols.length * bits * 11) / 8) + 8)
  let length = 0
  let low = 0
  let range = WORD - 1
  // The byte that a carry may still raise, and how many bytes of 255 follow it.
  let held = -1
  let pending = 0
  const shift = (): void => {
    if (low < 0xff000000 || low >= WORD) {
      const carry = low >= WORD ? 1 : 0
      if (held >= 0) bytes[length++] = held + carry
      for (; pending > 0; pending--) bytes[length++] = 0xff + carry
      held = Math.floor(low / SMALLEST_RANGE) & 0xff
    } else {
      pending++
    }
    low = (low % SMALLEST_RANGE) * 256
  }
  for (const symbol of symbols) {
    for (let prefix = 1, bit = bits - 1; bit >= 0; bit--) {
      const bound = (range >>> 16) * models.chanceOfZero(prefix)
      const value = (symbol >>> bit) & 1
      models.learn(prefix, value)
      prefix = 2 * prefix + value
      if (value === 0) range = bound
      else {
        low += bound
        range -= bound
      }
      for (; range < SMALLEST_RANGE; range *= 256) shift()
    }
  }
  // Of the numbers in the range, the one with the most zeros at its end; the decoder imagines those.
  low = Math.ceil(low / SMALLEST_RANGE) * SMALLEST_RANGE
  for (let i = 0; i < 2; i++) shift()
  while (length > 0 && bytes[length - 1] === 0) length--
  return bytes.slice(0, length)
}

/**
 * Read as many symbols as `symbols` holds, changing it. Takes all of `bytes`.
 *
 * @throws MalformedUpdateError when the last byte is 0, or takes no part
 */
export function rangeDecode(bytes: Uint8Array, bits: number, symbols: Uint8Array): void {
  if (bytes.at(-1) === 0) throw new MalformedUpdateError('range code with a zero at its end')
  const models = new BitModels(2 ** bits)
  let at = 0
  let code = 0
  let range = WORD - 1
  const next = (): void => {
    code = (code % SMALLEST_RANGE) * 256 + (at < bytes.length ? bytes[at] : 0)
    at++
  }
  for (let i = 0; i < 4; i++) next()
  for (let i = 0; i < symbols.length; i++) {
    let prefix = 1
    for (let bit = 0; bit < bits; bit++) {
      const bound = (range >>> 16) * models.chanceOfZero(prefix)
      const value = code < bound ? 0 : 1
      models.learn(prefix, value)
      prefix = 2 * prefix + value
      if (value === 0) range = bound
      else {
        code -= bound
        range -= bound
      }
      for (; range < SMALLEST_RANGE; range *= 256) next()
    }
    symbols[i] = prefix - 2 ** bits
  }
  if (at < bytes.length) throw new MalformedUpdateError(`range code ends at byte ${at} of ${bytes.length}`)
}
