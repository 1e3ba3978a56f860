import { InvalidModelError } from '../errors.js'
import type { LayerList } from './layer-configs.js'

/** Units of the hidden layer of `mlp` without sizes. */
export const DEFAULT_HIDDEN: readonly number[] = [128]

/**
 * Hidden relu layers: `mlp` has one of 128 units, `mlp:64,32` these sizes.
 *
 * 784 inputs, 10 classes: 101,770 parameters.
 *
 * @throws InvalidModelError when the hidden sizes are no whole numbers above zero
 */
export function addMlp(list: LayerList, inputShape: readonly number[], sizes: string | undefined): void {
  addFlatten(list, inputShape)
  for (const units of hiddenSizes(sizes)) list.hidden(units)
}

/** No hidden layer: multinomial logistic regression. 784 inputs, 10 classes: 7,850 parameters. */
export function addFlatten(list: LayerList, inputShape: readonly number[]): void {
  if (inputShape.length > 1) list.add('Flatten')
}

function hiddenSizes(spec: string | undefined): readonly number[] {
  if (spec === undefined) return DEFAULT_HIDDEN
  const sizes = spec.split(',').map(Number)
  if (!sizes.every(size => Number.isInteger(size) && size > 0)) {
    const problem = 'has a hidden size that is no whole number above 0'
    throw new InvalidModelError(`model "mlp:${spec}" ${problem}; expected mlp:64,32`)
  }
  return sizes
}
