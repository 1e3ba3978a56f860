import type { GradConfig, Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tfjs } from '../tfjs-library.js'
import type { PackKernels } from './pack-kernel.js'

const NORMALIZE = 'MurmurNormalize'
const NORMALIZE_GRADIENT = 'MurmurNormalizeGradient'

export interface NormalizationSettings {
  readonly groups: number
  readonly epsilon: number
}

/**
 * Batch and group normalisation in one operation each way, under names that tfjs does not have. x lies as blocks x positions x
 * channels: one block for batch normalisation, one an example for group normalisation.
 */
export const normalizations: PackKernels = {
  [NORMALIZE]({ inputs: { x, gamma, beta }, attrs }, memory) {
    const { groups, epsilon } = attrs as unknown as NormalizationSettings
    const [blocks, positions, channels] = x.shape
    const outputs = [x.shape, [blocks, channels], [blocks, channels]].map(shape => memory.output(shape))
    const scratch = memory.scratch(channels)
    const [atX, atGamma, atBeta, atY, mean, variance] = [x, gamma, beta, ...outputs].map(each => memory.address(each))
    memory.kernels.moments(atX, blocks, positions, channels, groups, mean, variance)
    const statistics = [mean, variance, epsilon, atGamma, atBeta] as const
    memory.kernels.normalize(atX, blocks, positions, channels, ...statistics, atY, false, scratch)
    return outputs
  },
  [NORMALIZE_GRADIENT]({ inputs: { x, dy, gamma, mean, variance }, attrs }, memory) {
    const { groups, epsilon } = attrs as unknown as NormalizationSettings
    const [blocks, positions, channels] = x.shape
    const outputs = [x.shape, [channels], [channels]].map(shape => memory.output(shape))
    const scratch = memory.scratch(5 * channels)
    const [atX, atDy, atGamma, atMean, atVariance] = [x, dy, gamma, mean, variance].map(each => memory.address(each))
    const [xGradient, gammaGradient, betaGradient] = outputs.map(each => memory.address(each))
    const statistics = [atMean, atVariance, epsilon, atGamma] as const
    const written = [xGradient, gammaGradient, betaGradient, scratch] as const
    memory.kernels.normalizeGradient(atX, atDy, 0, blocks, positions, channels, groups, ...statistics, ...written)
    return outputs
  }
}

/** Tell tfjs how to differentiate the operation; once a process. */
export function registerNormalizationGradient(core: Tfjs['core']): void {
  const gradient: GradConfig = {
    kernelName: NORMALIZE,
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    // Mean and variance, told beside the values, are not differentiated: moving averages follow them, no loss does.
    gradFunc(dys, [x, gamma, mean, variance], attrs) {
      const [dy] = dys as Tensor[]
      const inputs = { x, dy, gamma, mean, variance }
      const gradients: Tensor[] = core.engine().runKernel(NORMALIZE_GRADIENT, inputs, attrs)
      return { x: () => gradients[0], gamma: () => gradients[1], beta: () => gradients[2] }
    }
  }
  core.registerGradient(gradient)
}

/** Whether tfjs's current backend has the operation. */
export function canNormalize(core: Tfjs['core']): boolean {
  return core.getKernel(NORMALIZE, core.getBackend()) !== undefined
}

/**
 * Normalise, scale and shift.
 *
 * @param x - blocks x positions x channels
 * @param gamma - a value a channel, as `beta`
 * @returns values, and mean and variance of each block's channels
 */
export function normalize(
  core: Tfjs['core'],
  x: Tensor3D,
  gamma: Tensor,
  beta: Tensor,
  settings: NormalizationSettings
): Tensor[] {
  return core.engine().runKernel(NORMALIZE, { x, gamma, beta }, { ...settings })
}
