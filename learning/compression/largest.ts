const MAGNITUDE = 0x7fffffff
const LOW_BITS = 15
const LOW = 2 ** LOW_BITS - 1

/**
 * The `count` positions of largest magnitude, ascending; of equal ones the first.
 *
 * A float32 without its sign, read as a whole number, grows with the magnitude: the count-th largest is found by two
 * histograms, of its upper 16 bits and of its lower 15, in time that does not depend on the values.
 *
 * @param input - finite; at least `count` long
 */
export function largestMagnitudes(input: Float32Array, count: number): Uint32Array {
  const words = new Uint32Array(input.buffer, input.byteOffset, input.length)
  const upper = new Uint32Array(2 ** 16)
  for (let i = 0; i < words.length; i++) upper[(words[i] & MAGNITUDE) >>> LOW_BITS]++
  const { bin: high, left } = nthLargest(upper, count)
  const lower = new Uint32Array(2 ** LOW_BITS)
  for (let i = 0; i < words.length; i++) {
    if ((words[i] & MAGNITUDE) >>> LOW_BITS === high) lower[words[i] & LOW]++
  }
  const { bin: low, left: ties } = nthLargest(lower, left)
  const threshold = (high << LOW_BITS) | low
  return select(words, threshold, ties, new Uint32Array(count))
}

/** The bin that holds the `n`-th largest, and how many of that bin are among the `n` largest. */
function nthLargest(histogram: Uint32Array, n: number): { bin: number; left: number } {
  let left = n
  let bin = histogram.length - 1
  while (histogram[bin] < left) left -= histogram[bin--]
  return { bin, left }
}

/** All positions above the threshold, and the first `ties` at it, into `kept`, changing it. */
function select(words: Uint32Array, threshold: number, ties: number, kept: Uint32Array): Uint32Array {
  let tiesLeft = ties
  for (let i = 0, found = 0; found < kept.length; i++) {
    const magnitude = words[i] & MAGNITUDE
    if (magnitude < threshold || (magnitude === threshold && tiesLeft-- <= 0)) continue
    kept[found++] = i
  }
  return kept
}
