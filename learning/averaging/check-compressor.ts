import type { Compressor } from '../compression/compressor.js'
import { InvalidParametersError } from '../errors.js'
import type { Averaging } from './averaging.js'

/**
 * A strategy that sends models needs all of one: what a message leaves out would be taken for "the same as mine" by each
 * receiver, and the mean over nodes would not be preserved.
 *
 * @throws InvalidParametersError when the strategy cannot use the compressor
 */
export function checkCompressor({ name, sendsModels }: Averaging, { spec, sparse }: Compressor): void {
  if (sendsModels === undefined || sparse === undefined) return
  throw new InvalidParametersError(
    `${spec} with ${name}: only a part of the model would be sent, and the mean over nodes would be lost. ` +
      'Use anti-entropy or choco-sgd, which send differences, or a compressor that keeps every value, such as quantize:4.'
  )
}
