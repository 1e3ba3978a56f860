/**
 * Softmax cross-entropy of logits against class indices.
 *
 * @param gradient - written: of the mean loss over the rows, with respect to the logits
 * @returns mean loss over the rows
 */
export function softmaxCrossEntropyGradient(
  logits: Float32Array,
  labels: Float32Array,
  rows: number,
  classes: number,
  gradient: Float32Array
): number {
  let loss = 0
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    const logSum = logSumExp(logits, start, classes)
    const target = start + labels[row]
    loss += logSum - logits[target]
    for (let i = start; i < start + classes; i++) {
      gradient[i] = (Math.exp(logits[i] - logSum) - (i === target ? 1 : 0)) / rows
    }
  }
  return loss / rows
}

/**
 * Mean squared error of one output a row.
 *
 * @param gradient - written: of the mean loss over the rows
 * @returns mean loss over the rows
 */
export function meanSquaredErrorGradient(
  outputs: Float32Array,
  labels: Float32Array,
  rows: number,
  gradient: Float32Array
): number {
  let loss = 0
  for (let row = 0; row < rows; row++) {
    const difference = outputs[row] - labels[row]
    loss += difference * difference
    gradient[row] = (2 * difference) / rows
  }
  return loss / rows
}

/** Turn logits into probabilities, changing `logits`. */
export function softmaxInPlace(logits: Float32Array, rows: number, classes: number): void {
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    const logSum = logSumExp(logits, start, classes)
    for (let i = start; i < start + classes; i++) logits[i] = Math.exp(logits[i] - logSum)
  }
}

/** log of the sum of exp, kept from overflowing by taking the largest out. */
export function logSumExp(logits: Float32Array, start: number, classes: number): number {
  let largest = -Infinity
  for (let i = start; i < start + classes; i++) if (logits[i] > largest) largest = logits[i]
  let sum = 0
  for (let i = start; i < start + classes; i++) sum += Math.exp(logits[i] - largest)
  return Math.log(sum) + largest
}
