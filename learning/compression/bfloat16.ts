const scratchFloat = new Float32Array(1)
const scratchWord = new Uint32Array(scratchFloat.buffer)

/** @returns the 16 bits: a float32 without the lower half of its bits, at most 2^-7 closer to 0 */
export function truncateToBfloat16(value: number): number {
  scratchFloat[0] = value
  return scratchWord[0] >>> 16
}

export function fromBfloat16(bits: number): number {
  scratchWord[0] = bits << 16
  return scratchFloat[0]
}
