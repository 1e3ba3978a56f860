import { median } from '../median.js'

/** Distances remembered, of all neighbours together. */
const remembered = 32
/** With fewer than this there is no telling what is usual. */
const fewest = 8
/** How many times the usual distance is believed. */
const factor = 10
/** Two unrelated models of one norm are the root of two norms apart; several times that is always believed. */
const normsApart = 10
/** Of our own model, before it is asked whether they are enough. */
const valuesAtOnce = 64

/**
 * Whether a neighbour's model may be averaged with, judged by its distance from ours: it is believed up to ten times our
 * own norm (plus one, for a model of zeros), and up to ten times the median of the latest distances.
 *
 * What is refused is remembered too, as the most that would have been believed. So a neighbour that lies among honest ones
 * never moves the median, while a node that is itself the odd one finds all others far, and believes them after a few rounds.
 * This finds nonsense, not clever lies: a model of the right size is believed whatever it says.
 */
export class Plausibility {
  /** The latest ones; the oldest is at `#judged` modulo `remembered`. */
  readonly #distances: number[] = []
  #judged = 0

  /**
   * @param squaredDistance - ||theirs - ours||^2
   * @param ours - read only when they are far, for its norm
   */
  admits(squaredDistance: number, ours: Float32Array): boolean {
    const distance = Math.sqrt(squaredDistance)
    // What is near is believed whatever is usual: median and norm take time.
    const most = distance <= normsApart ? normsApart : this.#most(distance, ours)
    // Written so that NaN is not admitted.
    const admitted = distance <= most
    this.#distances[this.#judged++ % remembered] = admitted ? distance : most
    return admitted
  }

  /** Up to where a model so far away would be believed; less than that where it is believed anyway. */
  #most(distance: number, ours: Float32Array): number {
    let most = this.#distances.length < fewest ? 0 : factor * median(this.#distances)
    let squares = 0
    // A few values mostly say enough, and a norm is no smaller than that of some.
    for (let i = 0; i < ours.length && !(distance <= most);) {
      const end = Math.min(i + valuesAtOnce, ours.length)
      for (; i < end; i++) squares += ours[i] * ours[i]
      most = Math.max(most, normsApart * (Math.sqrt(squares) + 1))
    }
    return most
  }
}
