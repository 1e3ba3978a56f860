import type { Rng } from '../rng.js'
import { rangeDecode, rangeEncode } from './entropy/range-coder.js'
import type { Compressor } from './compressor.js'

/**
 * A quantiser whose codes pass an adaptive range coder, message by message where that is smaller.
 *
 * Pays off the more, the further most values are below the largest of their block. Costs some 70 ns a bit, to code and decode: for the few values that a sparse compressor keeps.
 *
 * Wire: what `plain` makes before `codesAt`, then the range code. A message as long as those of `plain` is one of them.
 *
 * @param plain - every message of it is `maxBytes` long
 * @param bits - of a code; codes are packed from the low bits of a byte up
 * @param codesAt - byte at which the codes of a plain message begin
 */
export function rangeCoded(plain: Compressor, bits: number, size: number, codesAt: number): Compressor {
  return {
    spec: `${plain.spec}:range`,
    maxBytes: plain.maxBytes,
    stepSize: plain.stepSize,
    encode(input: Float32Array, rng: Rng) {
      const bytes = plain.encode(input, rng)
      const coded = rangeEncode(unpack(bytes.subarray(codesAt), bits, size), bits)
      if (codesAt + coded.length >= bytes.length) return bytes
      bytes.set(coded, codesAt)
      return bytes.slice(0, codesAt + coded.length)
    },
    decode(bytes, output) {
      if (bytes.length >= plain.maxBytes || bytes.length < codesAt) return plain.decode(bytes, output)
      const symbols = new Uint8Array(size)
      rangeDecode(bytes.subarray(codesAt), bits, symbols)
      const unpacked = new Uint8Array(plain.maxBytes)
      unpacked.set(bytes.subarray(0, codesAt))
      pack(symbols, bits, unpacked.subarray(codesAt))
      plain.decode(unpacked, output)
    }
  }
}

function unpack(codes: Uint8Array, bits: number, size: number): Uint8Array {
  const perByte = 8 / bits
  return Uint8Array.from({ length: size }, (_, i) => {
    return (codes[Math.floor(i / perByte)] >>> ((i % perByte) * bits)) & (2 ** bits - 1)
  })
}

/** Changes `codes`, all zeros before. */
function pack(symbols: Uint8Array, bits: number, codes: Uint8Array): void {
  const perByte = 8 / bits
  for (let i = 0; i < symbols.length; i++) codes[Math.floor(i / perByte)] |= symbols[i] << ((i % perByte) * bits)
}
