import { InvalidParametersError, UnknownNameError } from '../learning/errors.js'
import type { TrainingSettings } from './engine.js'
import { LOSS_NAMES } from './losses.js'

/**
 * How a step is taken from a gradient.
 *
 * `momentum` and `nesterov`: Sutskever et al., ICML 2013. `adam`: Kingma, Ba, ICLR 2015. `adamw`: Loshchilov, Hutter, "Decoupled
 * Weight Decay Regularization", ICLR 2019, with the decay times the learning rate, as PyTorch has it.
 */
export const OPTIMIZER_NAMES = ['sgd', 'momentum', 'nesterov', 'adam', 'adamw'] as const
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number]

export const DEFAULT_WEIGHT_DECAY = 0.01

/** Vectors as long as the parameters that each optimiser keeps: momentum; Adam's first and second moment. */
export const STATE_VECTORS: Readonly<Record<OptimizerName, number>> = {
  sgd: 0,
  momentum: 1,
  nesterov: 1,
  adam: 2,
  adamw: 2
}

/** Floats that an optimiser keeps between steps for `length` parameters. */
export function optimizerStateSize(optimizer: OptimizerName, length: number): number {
  return STATE_VECTORS[optimizer] * length
}

/** Share of every parameter that a step takes away. */
export function decayOfStep({ optimizer, learningRate, weightDecay = DEFAULT_WEIGHT_DECAY }: TrainingSettings): number {
  return optimizer === 'adamw' ? learningRate * weightDecay : 0
}

/** Whether the gradient is changed before it is used. */
export function clips({ clipNorm, clipValue }: TrainingSettings): boolean {
  return clipNorm !== undefined || clipValue !== undefined
}

/**
 * @throws UnknownNameError for a loss or an optimiser that nothing here trains with, naming those that are known
 * @throws InvalidParametersError for a number out of range, or a target that the loss does not have
 */
export function checkTraining(training: TrainingSettings): void {
  const { loss, optimizer, target = 'label', batchSize, learningRate, momentum } = training
  if (!LOSS_NAMES.includes(loss)) throw new UnknownNameError('loss', String(loss), LOSS_NAMES)
  if (!OPTIMIZER_NAMES.includes(optimizer)) throw new UnknownNameError('optimizer', String(optimizer), OPTIMIZER_NAMES)
  if (target !== 'label' && target !== 'input') throw new UnknownNameError('target', String(target), ['label', 'input'])
  if (target === 'input' && loss !== 'mean-squared-error') {
    throw new InvalidParametersError(`target "input" with loss "${loss}"; expected "mean-squared-error"`)
  }
  const check = (name: string, value: number, isValid: boolean, expected: string) => {
    if (!isValid) throw new InvalidParametersError(`${name} is ${value}; expected ${expected}`)
  }
  check('batchSize', batchSize, Number.isInteger(batchSize) && batchSize > 0, 'a whole number above 0')
  check('learningRate', learningRate, learningRate > 0 && Number.isFinite(learningRate), 'a number above 0')
  check('momentum', momentum, momentum >= 0 && momentum < 1, 'a number from 0 to below 1')
  const { weightDecay = DEFAULT_WEIGHT_DECAY } = training
  check('weightDecay', weightDecay, weightDecay >= 0 && Number.isFinite(weightDecay), 'a number from 0 on')
  for (const name of ['clipNorm', 'clipValue', 'perExampleClipNorm'] as const) {
    const { [name]: most = 1 } = training
    check(name, most, most > 0 && Number.isFinite(most), 'a number above 0')
  }
}
