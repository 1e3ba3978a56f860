import type { ModelTopology } from '../engine.js'
import type { LayerConfig } from '../layers.js'

/** Channels of every convolution with normalisation here are multiples of it. */
const NORMALIZATION_GROUPS = 8

/** Which normalisation follows a convolution; batch statistics break when nodes see different labels. */
export type Normalization = 'group' | 'batch'

interface NamedLayer extends LayerConfig {
  readonly name: string
  /** Names of the layers that it takes its inputs from; none: the model's input. */
  readonly inputs: readonly string[]
}

/** The layers of a model, named as they are added. Each takes what the one before gives, but for branches. */
export class LayerList {
  readonly #layers: NamedLayer[] = []
  #inputs: readonly string[] = []

  /** Where the next layer takes its input from: a place to come back to with `from`. */
  get here(): readonly string[] {
    return this.#inputs
  }

  /** Go on from another place: a branch begins. */
  from(place: readonly string[]): this {
    this.#inputs = place
    return this
  }

  /** Add what this place and another one give. */
  plus(other: readonly string[]): this {
    this.#inputs = [...this.#inputs, ...other]
    return this.add('Add')
  }

  /** The model: sequential, or functional when it has branches. */
  topology(inputShape: readonly number[]): ModelTopology {
    const layers = this.#layers
    const input = { batch_input_shape: [null, ...inputShape], dtype: 'float32' }
    const isChain = layers.every(({ inputs }, i) => inputs.join() === (i === 0 ? '' : layers[i - 1].name))
    if (isChain) {
      const [first, ...others] = layers.map(({ class_name, config }) => ({ class_name, config }))
      const chain = [{ ...first, config: { ...first.config, ...input } }, ...others]
      return { class_name: 'Sequential', config: { name: 'sequential', layers: chain } }
    }
    const source = { class_name: 'InputLayer', name: 'input', config: { ...input, sparse: false, name: 'input' } }
    const others = layers.map(({ class_name, name, config, inputs }) => {
      const sources = inputs.length === 0 ? ['input'] : inputs
      return { class_name, name, config, inbound_nodes: [sources.map(each => [each, 0, 0, {}])] }
    })
    const ends = { input_layers: [['input', 0, 0]], output_layers: [[layers[layers.length - 1].name, 0, 0]] }
    const config = { name: 'model', layers: [{ ...source, inbound_nodes: [] }, ...others], ...ends }
    return { class_name: 'Functional', config }
  }

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

  /** The layer before needs no bias. */
  normalization(normalization: Normalization): this {
    return normalization === 'batch'
      ? this.add('BatchNormalization', { axis: -1, momentum: 0.99, epsilon: 1e-3 })
      : this.add('GroupNormalization', { axis: -1, groups: NORMALIZATION_GROUPS, epsilon: 1e-3 })
  }

  relu(): this {
    return this.add('Activation', { activation: 'relu' })
  }

  /** Normalise, then relu. */
  normalized(normalization: Normalization): this {
    return this.normalization(normalization).relu()
  }

  /** A dense layer, normalised, then relu. Group normalisation has one group here: units have no neighbours. */
  normalizedDense(units: number, normalization: Normalization): this {
    this.#dense(`hidden_${this.#count('Dense') + 1}`, units, 'linear')
    if (normalization === 'batch') return this.normalized('batch')
    return this.add('LayerNormalization', { axis: -1, epsilon: 1e-3 }).relu()
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
    this.#layers.push({
      class_name: className,
      name,
      config: { name, trainable: true, ...config },
      inputs: this.#inputs
    })
    this.#inputs = [name]
    return this
  }

  #count(className: string): number {
    return this.#layers.filter(({ class_name: name }) => name === className).length
  }
}

const GLOROT = {
  class_name: 'VarianceScaling',
  config: { scale: 1, mode: 'fan_avg', distribution: 'uniform', seed: null }
}

const INITIALIZERS = { kernel_initializer: GLOROT, bias_initializer: { class_name: 'Zeros', config: {} } }
