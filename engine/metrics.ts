import type { Evaluation } from './engine.js'
import { logSumExp, sigmoidCrossEntropy, sigmoidTarget, type LossName } from './losses.js'

/** Figures over a data set, gathered chunk by chunk. */
export interface Metrics {
  /**
   * @param outputs - rows x outputs: logits, or targets
   * @param labels - of these rows, `labelWidth` numbers each
   */
  add(outputs: Float32Array, labels: Float32Array): void
  result(): Evaluation
}

/** @param outputs - classes, or targets a row */
export function createMetrics(loss: LossName, outputs: number): Metrics {
  if (loss === 'mean-squared-error') return new RegressionMetrics(outputs)
  const lossOf = loss === 'softmax-cross-entropy' ? softmaxLoss : sigmoidLoss
  return new ClassificationMetrics(outputs, lossOf)
}

/** Loss of the row whose logits begin at `start`. */
type RowLoss = (logits: Float32Array, start: number, outputs: number, label: number) => number

const softmaxLoss: RowLoss = (logits, start, outputs, label) =>
  logSumExp(logits, start, outputs) - logits[start + label]

const sigmoidLoss: RowLoss = (logits, start, outputs, label) => {
  let sum = 0
  for (let i = 0; i < outputs; i++) sum += sigmoidCrossEntropy(logits[start + i], sigmoidTarget(label, i, outputs))
  return sum / outputs
}

class ClassificationMetrics implements Metrics {
  #loss = 0
  #correct = 0
  #rows = 0

  constructor(
    private readonly outputs: number,
    private readonly lossOf: RowLoss
  ) {}

  add(logits: Float32Array, labels: Float32Array): void {
    const { outputs } = this
    for (let row = 0; row < labels.length; row++) {
      const start = row * outputs
      this.#loss += this.lossOf(logits, start, outputs, labels[row])
      let best = start
      for (let i = start + 1; i < start + outputs; i++) if (logits[i] > logits[best]) best = i
      const answer = outputs === 1 ? Number(logits[start] > 0) : best - start
      if (answer === labels[row]) this.#correct++
    }
    this.#rows += labels.length
  }

  result(): Evaluation {
    return { loss: this.#loss / this.#rows, accuracy: this.#correct / this.#rows }
  }
}

class RegressionMetrics implements Metrics {
  #squaredError = 0
  #squaredDeviation = 0
  #rows = 0
  readonly #means: Float64Array

  constructor(private readonly outputs: number) {
    this.#means = new Float64Array(outputs)
  }

  add(outputs: Float32Array, labels: Float32Array): void {
    const means = this.#means
    for (let i = 0; i < labels.length; i++) {
      const target = labels[i]
      this.#squaredError += (outputs[i] - target) ** 2
      // Welford's running variance: targets far from zero lose no digits.
      const column = i % this.outputs
      if (column === 0) this.#rows++
      const fromOldMean = target - means[column]
      means[column] += fromOldMean / this.#rows
      this.#squaredDeviation += fromOldMean * (target - means[column])
    }
  }

  /** Targets that are all alike leave nothing to explain: r2 is then 1 when they are met, else 0. */
  result(): Evaluation {
    const constant = this.#squaredDeviation === 0
    const r2 = constant ? Number(this.#squaredError === 0) : 1 - this.#squaredError / this.#squaredDeviation
    return { loss: this.#squaredError / (this.#rows * this.outputs), r2 }
  }
}
