import type { LayerList } from './layer-configs.js'
import { normalizationOf, shapeError } from './options.js'

const DS_CNN_BLOCKS = 4

/** Filters and stride of each stack of ResNet8. */
const RESNET8_STACKS = [
  [16, 1],
  [32, 2],
  [64, 2]
] as const

const HE_NORMAL = {
  class_name: 'VarianceScaling',
  config: { scale: 2, mode: 'fan_in', distribution: 'truncated_normal', seed: null }
}

/** Filters and stride of each separable block of MobileNet v1 at width 0.25. */
const MOBILENET_BLOCKS = [
  [16, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [128, 2],
  [128, 1],
  [128, 1],
  [128, 1],
  [128, 1],
  [128, 1],
  [256, 2],
  [256, 1]
] as const

/**
 * Two convolutions of 5 x 5 with 16 and 32 filters, each followed by a maximum over 2 x 2, and 64 hidden units; relu throughout.
 *
 * 28 x 28 x 1, 10 classes: 46,730 parameters.
 *
 * After LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the
 * IEEE, 1998, with relu and maxima in place of its sigmoids and means.
 */
export function addLenet(list: LayerList, inputShape: readonly number[]): void {
  addImage(list, 'lenet', inputShape)
  for (const filters of [16, 32]) {
    list.convolution('Conv2D', filters, [5, 5], { padding: 'valid' })
    list.add('MaxPooling2D', { pool_size: [2, 2], strides: [2, 2], padding: 'valid' })
  }
  list.add('Flatten').hidden(64)
}

/**
 * Keyword spotting: a convolution of 10 x 4 at stride 2 and four separable blocks of 64 channels, then their mean.
 *
 * 49 x 10 x 1 (MFCC), 12 words: 23,180 parameters. `ds-cnn:batch` keeps the original's batch normalisation. Without the
 * dropout of the reference implementation.
 *
 * Source: Zhang, Suda, Lai, Chandra, "Hello Edge: Keyword Spotting on Microcontrollers", arXiv:1711.07128, 2017; in the
 * size of Banbury et al., "MLPerf Tiny Benchmark", NeurIPS Datasets and Benchmarks, 2021.
 */
export function addDsCnn(list: LayerList, inputShape: readonly number[], option: string | undefined): void {
  const normalization = normalizationOf('ds-cnn', option)
  addImage(list, 'ds-cnn', inputShape)
  list.normalizedConvolution(64, [10, 4], 2, normalization)
  for (let block = 0; block < DS_CNN_BLOCKS; block++) list.separable(64, 1, normalization)
  list.add('GlobalAveragePooling2D')
}

/**
 * Small images: MobileNet v1 at a quarter of its width.
 *
 * 96 x 96 x 3, 2 classes: 213,586 parameters. `mobilenet-v1-0.25:batch` keeps the original's batch normalisation.
 *
 * Source: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
 * arXiv:1704.04861, 2017; in the size of Banbury et al., "MLPerf Tiny Benchmark", 2021.
 */
export function addMobilenet(list: LayerList, inputShape: readonly number[], option: string | undefined): void {
  const normalization = normalizationOf('mobilenet-v1-0.25', option)
  addImage(list, 'mobilenet-v1-0.25', inputShape)
  list.normalizedConvolution(8, [3, 3], 2, normalization)
  for (const [filters, stride] of MOBILENET_BLOCKS) list.separable(filters, stride, normalization)
  list.add('GlobalAveragePooling2D')
}

/**
 * Image classification: a convolution and three residual stacks of 16, 32 and 64 filters, then their mean.
 *
 * 32 x 32 x 3, 10 classes: 78,186 parameters; the reference counts 78,666 with the moving statistics of its batch
 * normalisation, which `resnet8:batch` keeps. Without its penalty on weights.
 *
 * Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; in the size of Banbury et al.,
 * "MLPerf Tiny Benchmark", 2021.
 */
export function addResnet8(list: LayerList, inputShape: readonly number[], option: string | undefined): void {
  const normalization = normalizationOf('resnet8', option)
  addImage(list, 'resnet8', inputShape)
  const convolution = (filters: number, size: number, stride: number) => {
    const config = { strides: [stride, stride], padding: 'same', activation: 'linear', kernel_initializer: HE_NORMAL }
    return list.convolution('Conv2D', filters, [size, size], config)
  }
  convolution(16, 3, 1).normalized(normalization)
  for (const [filters, stride] of RESNET8_STACKS) {
    const entry = list.here
    convolution(filters, 3, stride).normalized(normalization)
    convolution(filters, 3, 1).normalization(normalization)
    const residual = list.here
    list.from(entry)
    if (stride > 1) convolution(filters, 1, stride)
    list.plus(residual).relu()
  }
  list.add('GlobalAveragePooling2D')
}

/**
 * Sensor windows: two convolutions of 3 steps with 64 filters, a maximum over 2, 100 hidden units; relu throughout.
 *
 * 128 steps x 9 channels, 6 classes: 411,650 parameters; the input is that of Anguita et al., "A Public Domain Dataset
 * for Human Activity Recognition Using Smartphones", ESANN 2013.
 *
 * @throws InvalidModelError when the input is not steps x channels
 */
export function addConv1d(list: LayerList, inputShape: readonly number[]): void {
  if (inputShape.length !== 2) throw shapeError('conv1d', 'steps x channels', inputShape)
  for (let i = 0; i < 2; i++) list.convolution('Conv1D', 64, [3], { padding: 'valid' })
  list
    .add('MaxPooling1D', { pool_size: [2], strides: [2], padding: 'valid' })
    .add('Flatten')
    .hidden(100)
}

/** Take height x width x channels, or height x width of one channel. */
function addImage(list: LayerList, model: string, inputShape: readonly number[]): void {
  if (inputShape.length === 2) list.add('Reshape', { target_shape: [...inputShape, 1] })
  else if (inputShape.length !== 3) throw shapeError(model, 'height x width x channels', inputShape)
}
