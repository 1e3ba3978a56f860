/**
 * Set some values to zero, and scale the others by what keeps their expected sum.
 *
 * Which ones depends on the key and on the place alone, so that the backward pass makes the same choices without keeping them.
 *
 * @param first - place of the first value; its hash with the key, below `threshold` of 2^32, drops it
 *
 * Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.
 */
export function dropout(
  source: usize, target: usize, length: i32, key: i32, first: i32, threshold: i32, scale: f32
): void {
  for (let i = 0; i < length; i++, source += 4, target += 4) {
    const kept = mix(<u32>key + <u32>(first + i) * 0x9e3779b9) >= <u32>threshold
    store<f32>(target, kept ? load<f32>(source) * scale : 0)
  }
}

/** The finalizer of MurmurHash3: every bit depends on every bit. */
// @ts-ignore: decorator
@inline
function mix(value: u32): u32 {
  value ^= value >> 16
  value *= 0x85ebca6b
  value ^= value >> 13
  value *= 0xc2b2ae35
  return value ^ (value >> 16)
}
