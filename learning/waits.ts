import { median, medianDistance } from './median.js'

/** How many of a peer's latest waits are remembered. */
const remembered = 16

/** How long this node waited for one peer, in its latest rounds. */
export class Waits {
  /** The newest round among them: a peer counts once a round, whatever it sends. */
  #round = -Infinity
  /** The latest few; the oldest is at `#count` modulo `remembered`. */
  readonly #ms: number[] = []
  /** How many there were. */
  #count = 0
  #patienceMs = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /**
   * What they give the peer: twice its median plus 8 median absolute deviations, and no less than any round waits. Reckoned once
   * for each wait, for every round asks for it of all peers.
   */
  get patienceMs(): number {
    return this.#patienceMs
  }

  /** @param leastMs - that any round waits */
  add(round: number, ms: number, leastMs: number): void {
    if (round <= this.#round) return
    this.#round = round
    this.#ms[this.#count++ % remembered] = ms
    this.#patienceMs = patience(this.#ms, leastMs)
  }

  /** As if there had been none. */
  clear(): void {
    this.#round = -Infinity
    this.#ms.length = 0
    this.#count = 0
  }
}

function patience(values: readonly number[], least: number): number {
  let longest = 0
  for (const value of values) if (value > longest) longest = value
  // Neither median is longer: where all answer soon there is no need for them, and every update asks.
  if (2 * (longest + 8 * longest) <= least) return least
  const middle = median(values)
  return Math.max(least, 2 * (middle + 8 * medianDistance(values, middle)))
}
