import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { WindowShape } from '../plan/window.js'
import { convolutionWindow, isFusable } from './convolution.js'
import type { PackKernels } from './pack-kernel.js'
import type { TfjsMemory } from './tfjs-memory.js'

/**
 * Depthwise convolutions and their gradients. With several filters a channel, the gradients are those of one filter a channel
 * on an input whose channels are repeated: its filter lies the same way in memory.
 */
export const depthwiseConvolutions: PackKernels = {
  DepthwiseConv2dNative({ inputs: { x, filter }, attrs }, memory, core) {
    const window = convolutionWindow(core, x.shape, filter.shape, attrs, true)
    return window === undefined ? undefined : forward(x, filter, undefined, window, false, memory)
  },
  FusedDepthwiseConv2D({ inputs: { x, filter, bias, preluActivationWeights }, attrs }, memory, core) {
    if (preluActivationWeights !== undefined || !isFusable(attrs.activation)) return undefined
    const window = convolutionWindow(core, x.shape, filter.shape, attrs, true)
    return window === undefined ? undefined : forward(x, filter, bias, window, attrs.activation === 'relu', memory)
  },
  DepthwiseConv2dNativeBackpropFilter({ inputs: { x, dy }, attrs }, memory, core) {
    const shape = attrs.filterShape as number[]
    const window = convolutionWindow(core, x.shape, shape, attrs, true)
    if (window === undefined) return undefined
    const output = memory.output(shape)
    const repeated = repeatChannels(x, shape[3], memory)
    const places = [repeated, memory.address(dy), memory.address(output)] as const
    memory.kernels.depthwiseFilterGradient(memory.window(oneFilter(window)), x.shape[0], ...places)
    return output
  },
  DepthwiseConv2dNativeBackpropInput({ inputs: { dy, filter }, attrs }, memory, core) {
    const shape = attrs.inputShape as number[]
    const window = convolutionWindow(core, shape, filter.shape, attrs, true)
    if (window === undefined) return undefined
    const output = memory.output(shape)
    const multiplier = filter.shape[3]
    const floats = memory.floats(output).length
    const target = multiplier === 1 ? memory.address(output) : memory.scratch(floats * multiplier)
    const places = [memory.address(dy), memory.address(filter), target] as const
    memory.kernels.depthwiseInputGradient(memory.window(oneFilter(window)), dy.shape[0], ...places)
    if (multiplier > 1) {
      const sums = memory.floats(output).fill(0)
      const heap = memory.backend.wasm.HEAPF32
      for (let i = 0; i < floats * multiplier; i++) sums[Math.floor(i / multiplier)] += heap[target / 4 + i]
    }
    return output
  }
}

function forward(
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  window: WindowShape,
  relu: boolean,
  memory: TfjsMemory
): TensorInfo | undefined {
  if (bias !== undefined && bias.shape.at(-1) !== window.filters) return undefined
  const output = memory.output([x.shape[0], window.outputHeight, window.outputWidth, window.filters])
  const source = repeatChannels(x, filter.shape[3], memory)
  const biasAt = bias === undefined ? 0 : memory.address(bias)
  const places = [source, memory.address(filter), biasAt, memory.address(output)] as const
  memory.kernels.depthwise(memory.window(oneFilter(window)), x.shape[0], ...places, relu)
  return output
}

function oneFilter(window: WindowShape): WindowShape {
  return { ...window, channels: window.filters }
}

/** @returns where the values are, each `times` times */
function repeatChannels(x: TensorInfo, times: number, memory: TfjsMemory): number {
  if (times === 1) return memory.address(x)
  const floats = memory.floats(x).length
  const target = memory.scratch(floats * times)
  const values = memory.floats(x)
  const heap = memory.backend.wasm.HEAPF32
  for (let i = 0; i < floats * times; i++) heap[target / 4 + i] = values[Math.floor(i / times)]
  return target
}
