/** What comes later is of somebody who was away, and tells nothing of the rest. */
const MOST_ROUNDS_LATE = 4

/**
 * Where a model that all nodes move will be when what is under way has come. Increments of others take some rounds to get here.
 * A node that begins its steps at the model pushes on where the others have long gone, with momentum in every round anew, and
 * the model swings. So it begins ahead of it: by the model's latest move, times the rounds by which increments are late on average,
 *
 *     x = z_r + lag (z_r - z_(r-1)).
 *
 * Source: Kosson, Chiley, Venigalla, Hestness, Koster, "Pipelined Backpropagation at Scale: Training Large Models without
 * Batches", MLSys 2021 (linear weight prediction), there for the delay of a pipeline of layers.
 */
export class WeightPrediction {
  /** The model when the last local steps began. */
  readonly #before: Float32Array
  #isKnown = false
  /** Since then: how many there were, and by how many rounds all of them together were late. */
  #increments = 0
  #roundsLate = 0

  constructor(length: number) {
    this.#before = new Float32Array(length)
  }

  /** The model has jumped: of its next move nothing is known. */
  reset(): void {
    this.#isKnown = false
  }

  /**
   * An increment has moved the model.
   *
   * @param roundsLate - since it was made; a node's own move it at once
   */
  moved(roundsLate: number): void {
    if (roundsLate > MOST_ROUNDS_LATE) return
    this.#increments++
    this.#roundsLate += Math.max(0, roundsLate)
  }

  /**
   * @param start - the model; changed to where it will be
   * @param nodes - how many move it
   */
  predict(start: Float32Array, nodes: number): void {
    const lag = this.#increments === 0 ? 0 : this.#roundsLate / this.#increments
    // Of a node that was away, many rounds may have come at once.
    const factor = this.#isKnown ? lag * Math.min(1, nodes / this.#increments) : 0
    for (let i = 0; i < start.length; i++) {
      const model = start[i]
      start[i] += factor * (model - this.#before[i])
      this.#before[i] = model
    }
    this.#isKnown = true
    this.#increments = 0
    this.#roundsLate = 0
  }
}
