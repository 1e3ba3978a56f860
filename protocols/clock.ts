/** Time, handed in. */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number
  /** @returns a function that cancels the call */
  after(ms: number, call: () => void): () => void
}
