/** What can be minimised. */
export const LOSS_NAMES = ['softmax-cross-entropy', 'sigmoid-cross-entropy', 'mean-squared-error'] as const
export type LossName = (typeof LOSS_NAMES)[number]

/** The activation at the end of a model that a loss includes: the model is trained without it, on its logits. */
export const FINAL_ACTIVATION: Readonly<Partial<Record<LossName, string>>> = {
  'softmax-cross-entropy': 'softmax',
  'sigmoid-cross-entropy': 'sigmoid'
}

/** Numbers in a row's label: a class index, or a target for each output. */
export function labelWidth(loss: LossName, outputs: number): number {
  return loss === 'mean-squared-error' ? outputs : 1
}

/**
 * Loss of a batch.
 *
 * @param outputs - rows x width: logits, or targets
 * @param labels - rows x `labelWidth`
 * @param gradient - written: of the mean loss over the rows, with respect to the outputs
 * @returns mean loss over the rows
 */
export function lossGradient(
  loss: LossName,
  outputs: Float32Array,
  labels: Float32Array,
  rows: number,
  width: number,
  gradient: Float32Array
): number {
  if (loss === 'softmax-cross-entropy') return softmaxCrossEntropyGradient(outputs, labels, rows, width, gradient)
  if (loss === 'sigmoid-cross-entropy') return sigmoidCrossEntropyGradient(outputs, labels, rows, width, gradient)
  return meanSquaredErrorGradient(outputs, labels, rows * width, gradient)
}

/** Turn outputs into what a prediction is, changing `outputs`: logits into probabilities. */
export function toPredictions(loss: LossName, outputs: Float32Array, rows: number, width: number): void {
  if (loss === 'softmax-cross-entropy') softmaxInPlace(outputs, rows, width)
  else if (loss === 'sigmoid-cross-entropy') {
    for (let i = 0; i < outputs.length; i++) outputs[i] = 1 / (1 + Math.exp(-outputs[i]))
  }
}

/** Loss of one logit against its target, 0 or 1, written so that nothing overflows. */
export function sigmoidCrossEntropy(logit: number, target: number): number {
  return Math.max(0, logit) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)))
}

/** What a logit should say: whether it is that of the row's class; of a single output, the label itself. */
export function sigmoidTarget(label: number, output: number, width: number): number {
  return width === 1 ? label : Number(label === output)
}

/** log of the sum of exp, kept from overflowing by taking the largest out. */
export function logSumExp(logits: Float32Array, start: number, classes: number): number {
  let largest = -Infinity
  for (let i = start; i < start + classes; i++) if (logits[i] > largest) largest = logits[i]
  let sum = 0
  for (let i = start; i < start + classes; i++) sum += Math.exp(logits[i] - largest)
  return Math.log(sum) + largest
}

function softmaxCrossEntropyGradient(
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

function sigmoidCrossEntropyGradient(
  logits: Float32Array,
  labels: Float32Array,
  rows: number,
  width: number,
  gradient: Float32Array
): number {
  let loss = 0
  for (let row = 0, i = 0; row < rows; row++) {
    for (let output = 0; output < width; output++, i++) {
      const target = sigmoidTarget(labels[row], output, width)
      loss += sigmoidCrossEntropy(logits[i], target)
      gradient[i] = (1 / (1 + Math.exp(-logits[i])) - target) / (rows * width)
    }
  }
  return loss / (rows * width)
}

function meanSquaredErrorGradient(
  outputs: Float32Array,
  targets: Float32Array,
  length: number,
  gradient: Float32Array
): number {
  let loss = 0
  for (let i = 0; i < length; i++) {
    const difference = outputs[i] - targets[i]
    loss += difference * difference
    gradient[i] = (2 * difference) / length
  }
  return loss / length
}

function softmaxInPlace(logits: Float32Array, rows: number, classes: number): void {
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    const logSum = logSumExp(logits, start, classes)
    for (let i = start; i < start + classes; i++) logits[i] = Math.exp(logits[i] - logSum)
  }
}
