/** Time, as a node sees it. A simulation hands in its own. */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number
  /** @returns a function that cancels the call */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  }
}
