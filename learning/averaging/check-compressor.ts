import { adaptiveQuantize } from '../compression/adaptive-quantize.js'
import { adaptiveTopK } from '../compression/adaptive-top-k.js'
import type { Compressor } from '../compression/compressor.js'
import { InvalidParametersError } from '../errors.js'
import { createLayout } from '../parameters.js'
import type { Averaging } from './averaging.js'
import { createAveraging } from './create-averaging.js'

/** Of strategies that name no other. */
const DEFAULT_COMPRESSOR = 'quantize:8'

/**
 * A strategy that sends models needs all of one: what a message leaves out would be taken for "the same as mine" by each
 * receiver, and the mean over nodes would not be preserved.
 *
 * @throws InvalidParametersError when the strategy cannot use the compressor
 */
export function checkCompressor(averaging: Averaging, { spec, sparse, adaptive }: Compressor): void {
  const { name, sendsModels } = averaging
  if (adaptive !== undefined && averaging.keepsToBudget === undefined) {
    throw new InvalidParametersError(
      `${name} cannot keep to a budget of ${adaptive.budget.spec}; use anti-entropy, choco-sgd or d-psgd.`
    )
  }
  if (sendsModels === undefined || sparse === undefined) return
  throw new InvalidParametersError(
    `${spec} with ${name}: only a part of the model would be sent, and the mean over nodes would be lost. ` +
      'Use anti-entropy or choco-sgd, which send differences, or a compressor that keeps every value, such as quantize:4.'
  )
}

/** What somebody asked of a compressor: one of the two, or nothing. */
export interface CompressorChoice {
  readonly compress?: string
  /** As `--budget` takes it. */
  readonly budget?: string
}

/**
 * The spec of the compressor that was asked for, that keeps to the budget, or that suits the strategy.
 *
 * @param averaging - its spec
 * @throws UnknownNameError, InvalidParametersError
 */
export function chooseCompressor(averaging: string, { compress, budget }: CompressorChoice): string {
  const created = createAveraging(averaging, 1)
  if (budget === undefined) return compress ?? created.usualCompressor ?? DEFAULT_COMPRESSOR
  if (compress !== undefined) {
    throw new InvalidParametersError(`a budget of ${budget} decides how to compress; remove ${compress}.`)
  }
  const kind = created.sendsModels === undefined ? adaptiveTopK : adaptiveQuantize
  const compressor = kind.create(budget, createLayout([{ name: 'probe', shape: [1] }]))
  checkCompressor(created, compressor)
  return compressor.spec
}
