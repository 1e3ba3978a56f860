import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core'
import { convolutionScratch } from '../kernel-memory.js'
import type { Tfjs } from '../tfjs-library.js'
import { positionsAtATime, type WindowShape } from '../plan/window.js'
import type { KernelArguments, PackKernel, PackKernels } from './pack-kernel.js'

type Shape4D = [number, number, number, number]
type Pair = [number, number]

/** Conv2D with its two gradients; dilation and other data formats are left to tfjs. */
export const convolutions: PackKernels = {
  Conv2D: ({ inputs: { x, filter }, attrs }, memory, core) => convolve(x, filter, undefined, attrs, memory, core),
  FusedConv2D({ inputs: { x, filter, bias, preluActivationWeights }, attrs }, memory, core) {
    if (preluActivationWeights !== undefined || !isFusable(attrs.activation)) return undefined
    return convolve(x, filter, bias, attrs, memory, core)
  },
  Conv2DBackpropFilter({ inputs: { x, dy }, attrs }, memory, core) {
    const window = convolutionWindow(core, x.shape, attrs.filterShape as number[], attrs, false)
    if (window === undefined) return undefined
    const output = memory.output(attrs.filterShape as number[])
    const scratch = memory.scratch(convolutionScratch(window))
    const places = [memory.address(x), memory.address(dy), 0, memory.address(output), 0, scratch] as const
    memory.kernels.convolveGradients(memory.window(window), x.shape[0], ...places)
    return output
  },
  Conv2DBackpropInput({ inputs: { dy, filter }, attrs }, memory, core) {
    const window = convolutionWindow(core, attrs.inputShape as number[], filter.shape, attrs, false)
    if (window === undefined) return undefined
    const output = memory.output(attrs.inputShape as number[])
    const scratch = memory.scratch(convolutionScratch(window))
    const places = [0, memory.address(dy), memory.address(filter), 0, memory.address(output), scratch] as const
    memory.kernels.convolveGradients(memory.window(window), dy.shape[0], ...places)
    return output
  }
}

function convolve(
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | undefined,
  attrs: KernelArguments['attrs'],
  memory: Parameters<PackKernel>[1],
  core: Tfjs['core']
): TensorInfo | undefined {
  const window = convolutionWindow(core, x.shape, filter.shape, attrs, false)
  if (window === undefined || (bias !== undefined && bias.shape.at(-1) !== window.filters)) return undefined
  const output = memory.output([x.shape[0], window.outputHeight, window.outputWidth, window.filters])
  const scratch = memory.scratch(convolutionScratch(window))
  const biasAt = bias === undefined ? 0 : memory.address(bias)
  const places = [memory.address(x), memory.address(filter), biasAt, memory.address(output)] as const
  memory.kernels.convolve(memory.window(window), x.shape[0], ...places, attrs.activation === 'relu', scratch)
  return output
}

export function isFusable(activation: unknown): boolean {
  return activation === 'linear' || activation === 'relu'
}

/** @returns undefined for what the kernels do not know: dilation, channels first */
export function convolutionWindow(
  { backend_util }: Tfjs['core'],
  inputShape: number[],
  filterShape: number[],
  attrs: KernelArguments['attrs'],
  depthwise: boolean
): WindowShape | undefined {
  const { strides, dilations, pad, dimRoundingMode, dataFormat = 'NHWC' } = attrs
  if (dataFormat !== 'NHWC') return undefined
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides as Pair,
    (dilations ?? 1) as Pair,
    pad as number,
    dimRoundingMode as 'floor',
    depthwise
  )
  return info.dilationHeight === 1 && info.dilationWidth === 1 ? windowOf(info) : undefined
}

function windowOf(info: backend_util.Conv2DInfo): WindowShape {
  return {
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    outputHeight: info.outHeight,
    outputWidth: info.outWidth,
    filters: info.outChannels,
    strideY: info.strideHeight,
    strideX: info.strideWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
    chunk: positionsAtATime(info.filterHeight * info.filterWidth * info.inChannels)
  }
}
