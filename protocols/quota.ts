import type { Clock } from './clock.js'
import { ProtocolError } from './errors.js'

/** Memory that may be held for what is on its way from peers, all of them together. */
export class MemoryQuota {
  readonly maxBytes: number
  #held = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get held(): number {
    return this.#held
  }

  /**
   * @returns gives the memory back; to be called once
   * @throws ProtocolError when that is more than there is left
   */
  reserve(bytes: number): () => void {
    if (this.#held + bytes > this.maxBytes) {
      throw new ProtocolError(`${bytes} bytes announced while ${this.#held} of ${this.maxBytes} are held`, 'over-quota')
    }
    this.#held += bytes
    return () => {
      this.#held -= bytes
    }
  }
}

/** So many events in a time, with bursts of as many at once: a token bucket. */
export class RateQuota {
  readonly #clock: Clock
  readonly #most: () => number
  readonly #ms: number
  #left: number
  #atMs: number

  /** @param most - events in `ms`; may change */
  constructor(clock: Clock, most: () => number, ms: number) {
    this.#clock = clock
    this.#most = most
    this.#ms = ms
    this.#left = most()
    this.#atMs = clock.now()
  }

  /** @returns whether one more may happen now */
  take(): boolean {
    const nowMs = this.#clock.now()
    const most = this.#most()
    this.#left = Math.min(most, this.#left + ((nowMs - this.#atMs) * most) / this.#ms)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
