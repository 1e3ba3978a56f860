import { createLayout, type Layout } from '../parameters.js'
import type { Kept } from './compressor.js'

/** Consecutive coordinates of a vector. */
export interface Range {
  readonly start: number
  /** The coordinate after the last one. */
  readonly end: number
}

/** The layout of the values that a compressor keeps, as its inner compressor sees them. */
export function keptLayout(count: number): Layout {
  return createLayout([{ name: 'kept', shape: [count] }])
}

/** The values at `indices`. */
export function gather(input: Float32Array, indices: Uint32Array): Float32Array {
  const kept = new Float32Array(indices.length)
  for (let i = 0; i < indices.length; i++) kept[i] = input[indices[i]]
  return kept
}

/** Put values to where they came from, changing `output`. */
export function scatter({ indices, values }: Kept, output: Float32Array): void {
  for (let i = 0; i < indices.length; i++) output[indices[i]] = values[i]
}

/** The values in `ranges`, one range after the other. */
export function gatherRanges(input: Float32Array, ranges: readonly Range[]): Float32Array {
  const kept = new Float32Array(totalLength(ranges))
  let at = 0
  for (const { start, end } of ranges) {
    kept.set(input.subarray(start, end), at)
    at += end - start
  }
  return kept
}

/** Put `kept` to where it came from, changing `output`. */
export function scatterRanges(kept: Float32Array, ranges: readonly Range[], output: Float32Array): void {
  let at = 0
  for (const { start, end } of ranges) {
    output.set(kept.subarray(at, at + end - start), start)
    at += end - start
  }
}

/** All coordinates in `ranges`. */
export function indicesOf(ranges: readonly Range[]): Uint32Array {
  const indices = new Uint32Array(totalLength(ranges))
  let at = 0
  for (const { start, end } of ranges) for (let index = start; index < end; index++) indices[at++] = index
  return indices
}

export function totalLength(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0)
}
