/** One array of several, one after another. */
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Fill `parts` from what `concatenate` made of them, or of others of the same lengths. */
export function scatter(whole: Float32Array, parts: readonly Float32Array[]): void {
  let offset = 0
  for (const part of parts) {
    part.set(whole.subarray(offset, offset + part.length))
    offset += part.length
  }
}
