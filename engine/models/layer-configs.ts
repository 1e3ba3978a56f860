import type { LayerConfig } from '../layers.js'

/** Channels of every convolution with normalisation here are multiples of it. */
const NORMALIZATION_GROUPS = 8

/** Which normalisation follows a convolution; batch statistics break when nodes see different labels. */
export type Normalization = 'group' | 'batch'

/** The layers of a model, named as they are added. */
export class LayerList {
  readonly layers: LayerConfig[] = []

  /** Add a layer named after its class: `conv2d`, `conv2d_2`. */
  add(className: string, config: Record<string, unknown> = {}): this {
    const number = this.#count(className) + 1
    const name = className.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()
    return this.#named(number === 1 ? name : `${name}_${number}`, className, config)
  }

  /** Add a dense relu layer: `hidden_1`, `hidden_2`. */
  hidden(units: number): this {
    return this.#dense(`hidden_${this.#count('Dense') + 1}`, units, 'relu')
  }

  output(units: number, activation: string): this {
    return this.#dense('output', units, activation)
  }

  /** A convolution of any kind, by the name of its class. */
  convolution(className: 'Conv1D' | 'Conv2D', filters: number, kernelSize: readonly number[], config = {}): this {
    return this.add(className, { filters, kernel_size: kernelSize, activation: 'relu', ...INITIALIZERS, ...config })
  }

  /** Normalise, then relu. The layer before needs no bias. */
  normalized(normalization: Normalization): this {
    if (normalization === 'batch') this.add('BatchNormalization', { axis: -1, momentum: 0.99, epsilon: 1e-3 })
    else this.add('GroupNormalization', { axis: -1, groups: NORMALIZATION_GROUPS, epsilon: 1e-3 })
    return this.add('Activation', { activation: 'relu' })
  }

  /** A convolution with normalisation and relu. */
  normalizedConvolution(filters: number, size: readonly number[], stride: number, normalization: Normalization): this {
    const config = { strides: [stride, stride], padding: 'same', use_bias: false, activation: 'linear' }
    return this.convolution('Conv2D', filters, size, config).normalized(normalization)
  }

  /** A depthwise 3 x 3 and a pointwise convolution, each with normalisation and relu. */
  separable(filters: number, stride: number, normalization: Normalization): this {
    this.add('DepthwiseConv2D', {
      kernel_size: [3, 3],
      strides: [stride, stride],
      padding: 'same',
      use_bias: false,
      depthwise_initializer: GLOROT
    })
    return this.normalized(normalization).normalizedConvolution(filters, [1, 1], 1, normalization)
  }

  #dense(name: string, units: number, activation: string): this {
    return this.#named(name, 'Dense', { units, activation, use_bias: true, ...INITIALIZERS })
  }

  #named(name: string, className: string, config: Record<string, unknown>): this {
    this.layers.push({ class_name: className, config: { name, trainable: true, ...config } })
    return this
  }

  #count(className: string): number {
    return this.layers.filter(({ class_name: name }) => name === className).length
  }
}

const GLOROT = {
  class_name: 'VarianceScaling',
  config: { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null }
}

const INITIALIZERS = { kernel_initializer: GLOROT, bias_initializer: { class_name: 'Zeros', config: {} } }
