import type { ModelLayer } from './layer-kind.js'

/** Whether a normalisation is over the last extent, with both scale and offset. */
export function isOverChannels({ config, inputShape, tensors }: ModelLayer): boolean {
  return tensors.length === 2 && [undefined, -1, inputShape.length].includes(config.axis as number | undefined)
}
