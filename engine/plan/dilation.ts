import { elementCount } from '../../learning/parameters.js'
import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'
import type { ModelLayer } from './layer-kind.js'
import { tapsOf } from './window.js'

/** A filter as the kernels take it, without holes. */
export interface DenseFilter {
  readonly kernel: Address
  readonly gradient: Address
  /** Bring `kernel` up to date. */
  spread(kernels: Kernels): void
  /** Hand the gradient on to the parameters. */
  collect(kernels: Kernels): void
}

/**
 * The filter of a dilated convolution is a larger one with zeros in its holes: the same kernels compute both, at the price
 * of the zeros. Without dilation it is used where it lies.
 *
 * Source: Yu, Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions", ICLR 2016.
 *
 * @param kernel - taps in the order of the layer's first tensor
 */
export function denseFilter(layer: ModelLayer, memory: KernelMemory, kernel: Address, gradient: Address): DenseFilter {
  const { taps, dilation } = tapsOf(layer)
  if (dilation.every(rate => rate === 1)) return { kernel, gradient, spread() {}, collect() {} }
  const [height, width] = taps.length === 1 ? [1, taps[0]] : taps
  const [dilationY, dilationX] = dilation.length === 1 ? [1, dilation[0]] : dilation
  const floats = elementCount(layer.tensors[0].shape) / (height * width)
  const covered = (width - 1) * dilationX + 1
  const size = ((height - 1) * dilationY + 1) * covered * floats
  const spreadKernel = memory.reserve(size)
  const spreadGradient = memory.reserve(size)
  const line = dilationY * covered * floats * 4
  return {
    kernel: spreadKernel,
    gradient: spreadGradient,
    spread(kernels) {
      for (let y = 0; y < height; y++) {
        const from = kernel + y * width * floats * 4
        kernels.copyRows(from, floats, spreadKernel + y * line, dilationX * floats, floats, width)
      }
    },
    collect(kernels) {
      for (let y = 0; y < height; y++) {
        const to = gradient + y * width * floats * 4
        kernels.copyRows(spreadGradient + y * line, dilationX * floats, to, floats, floats, width)
      }
    }
  }
}
