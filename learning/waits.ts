import { median, medianDistance } from './median.js'

/** How many of a peer's latest waits are remembered. */
const remembered = 16

/** How long this node waited for one peer, in its latest rounds. */
export class Waits {
  /** The newest round among them, 0 if there is none: a peer counts once a round, whatever it sends. */
  #round = 0
  /** The latest few; the oldest is at `#count` modulo `remembered`. */
  readonly #ms: number[] = []
  /** How many there were. */
  #count = 0
  /** No remembered one is longer. Rounded up, for a fraction would be an object of its own, and a whole number is none. */
  #longestMs = 0
  #patienceMs: number | undefined

  /**
   * What they give the peer: twice its median plus 8 median absolute deviations, and no less than any round waits; undefined
   * while there is none. Reckoned once for each wait, for every round asks for it of all peers.
   */
  get patienceMs(): number | undefined {
    return this.#patienceMs
  }

  /** @param leastMs - that any round waits */
  add(round: number, ms: number, leastMs: number): void {
    if (round <= this.#round) return
    this.#round = round
    const place = this.#count++ % remembered
    this.#ms[place] = ms
    // Looked for only now and then: every update comes here, and among thousands of nodes the list has left the caches since.
    this.#longestMs = Math.ceil(place === 0 ? Math.max(...this.#ms) : Math.max(this.#longestMs, ms))
    // Neither median is longer: where all answer soon there is no need for them.
    const most = patience(this.#longestMs, this.#longestMs)
    this.#patienceMs = most <= leastMs ? leastMs : Math.max(leastMs, patienceFor(this.#ms))
  }

  /** As if there had been none. */
  clear(): void {
    this.#round = 0
    this.#ms.length = 0
    this.#count = 0
    this.#longestMs = 0
    this.#patienceMs = undefined
  }
}

function patienceFor(values: readonly number[]): number {
  const middle = median(values)
  return patience(middle, medianDistance(values, middle))
}

function patience(middle: number, deviation: number): number {
  return 2 * (middle + 8 * deviation)
}
