import type { Evaluation, TrainingSettings } from './engine.js'
import { logSumExp } from './losses.js'

/** Figures over a data set, gathered chunk by chunk. */
export interface Metrics {
  /**
   * @param outputs - rows x outputs: logits, or targets
   * @param labels - of these rows
   */
  add(outputs: Float32Array, labels: Float32Array): void
  result(): Evaluation
}

/** @param outputs - classes, or targets a row */
export function createMetrics(loss: TrainingSettings['loss'], outputs: number): Metrics {
  return loss === 'softmax-cross-entropy' ? new ClassificationMetrics(outputs) : new RegressionMetrics()
}

class ClassificationMetrics implements Metrics {
  #loss = 0
  #correct = 0
  #rows = 0

  constructor(private readonly classes: number) {}

  add(logits: Float32Array, labels: Float32Array): void {
    for (let row = 0; row < labels.length; row++) {
      const start = row * this.classes
      this.#loss += logSumExp(logits, start, this.classes) - logits[start + labels[row]]
      let best = start
      for (let i = start + 1; i < start + this.classes; i++) if (logits[i] > logits[best]) best = i
      if (best - start === labels[row]) this.#correct++
    }
    this.#rows += labels.length
  }

  result(): Evaluation {
    return { loss: this.#loss / this.#rows, accuracy: this.#correct / this.#rows }
  }
}

class RegressionMetrics implements Metrics {
  #squaredError = 0
  #rows = 0
  #mean = 0
  #squaredDeviation = 0

  add(outputs: Float32Array, labels: Float32Array): void {
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]
      this.#squaredError += (outputs[row] - label) ** 2
      // Welford's running variance: labels far from zero lose no digits.
      this.#rows++
      const fromOldMean = label - this.#mean
      this.#mean += fromOldMean / this.#rows
      this.#squaredDeviation += fromOldMean * (label - this.#mean)
    }
  }

  /** Labels that are all alike leave nothing to explain: r2 is then 1 when they are met, else 0. */
  result(): Evaluation {
    const constant = this.#squaredDeviation === 0
    const r2 = constant ? Number(this.#squaredError === 0) : 1 - this.#squaredError / this.#squaredDeviation
    return { loss: this.#squaredError / this.#rows, r2 }
  }
}
