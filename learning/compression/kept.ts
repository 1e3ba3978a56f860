import { createLayout, type Layout } from '../parameters.js'
import type { Kept } from './compressor.js'

/** The layout of the values that a sparse compressor keeps, as its inner compressor sees them. */
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
