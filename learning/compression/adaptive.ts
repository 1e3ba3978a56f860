import type { Budget } from '../budget.js'
import { InvalidParametersError } from '../errors.js'
import type { Compressor } from './compressor.js'

/** A compressor whose messages are as long as a node's budget allows; each says how it is coded. */
export interface Adaptive {
  readonly budget: Budget
  /** The shortest message that it makes; the longest has `maxBytes`. */
  readonly leastBytes: number
  /** The same compressor, with messages of about so many bytes. It decodes messages of any length. */
  within(bytes: number): Compressor
}

/** Whether the messages may be of different lengths. */
export function isAdaptive(compressor: Compressor): compressor is Compressor & { readonly adaptive: Adaptive } {
  return compressor.adaptive !== undefined
}

/**
 * @param neighbours - that a node sends to in one round, as far as is known
 * @throws InvalidParametersError when not even the shortest messages keep to the budget
 */
export function checkBudget({ adaptive }: Compressor, neighbours: number): void {
  if (adaptive === undefined) return
  const { budget, leastBytes } = adaptive
  const least = neighbours * leastBytes
  if (least <= budget.bytes) return
  const receivers = neighbours === 1 ? '' : `, and ${least} to ${neighbours} neighbours`
  throw new InvalidParametersError(
    `budget ${budget.spec}: the smallest message takes ${leastBytes} bytes${receivers}. Raise the budget, or lower the ` +
      'number of neighbours (--topology ring); anti-entropy has the smallest messages.'
  )
}
