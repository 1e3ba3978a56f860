import type { Clock } from '../protocols/clock.js'

export type { Clock }

/** The time of this device, which no change of its wall clock touches. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  }
}

/** Seconds since 1970: rises from process to process where nothing is kept. */
export function wallClockEpoch(): number {
  return Math.floor(Date.now() / 1000)
}
