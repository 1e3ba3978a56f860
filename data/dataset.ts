/**
 * Rows of examples in memory. Features of row i are `features[i * width .. (i + 1) * width)`, width the product of
 * `inputShape`.
 */
export interface Dataset {
  readonly rows: number
  /** Shape of one example: [784], [28, 28, 1]. */
  readonly inputShape: readonly number[]
  /** Backed by a SharedArrayBuffer, so that a worker thread reads it without a copy. */
  readonly features: Float32Array | Uint8Array
  /** What a stored feature is multiplied by before it reaches the model: 1/255 for pixels kept as bytes, else 1. */
  readonly scale: number
  /** Length `rows`: the class index (classification), or the target in the model's own units (regression). */
  readonly labels: Float32Array
}

/** A local split. `test` is never trained on. */
export interface DataSplit {
  readonly train: Dataset
  readonly test: Dataset
}

/** How many numbers one example has. */
export function width(inputShape: readonly number[]): number {
  return inputShape.reduce((product, side) => product * side, 1)
}

/** Zeros that threads share. */
export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
}

/** Zeros that threads share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length))
}
