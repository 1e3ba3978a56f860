import { InvalidModelError } from '../errors.js'
import type { Normalization } from './layer-configs.js'

/** Which normalisation stands after a model's colon. */
export function normalizationOf(model: string, option: string | undefined): Normalization {
  if (option === undefined || option === 'group') return 'group'
  if (option === 'batch') return 'batch'
  throw new InvalidModelError(`model "${model}:${option}" has an unknown normalisation; expected ${model}:batch`)
}

export function shapeError(model: string, expected: string, shape: readonly number[]): InvalidModelError {
  return new InvalidModelError(
    `model "${model}" takes examples of ${expected}; the data has [${shape.join(', ')}]. Use "mlp", or reshape the data.`
  )
}
