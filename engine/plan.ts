import type { Dataset } from '../data/dataset.js'
import { elementCount } from '../learning/parameters.js'
import { Batches, copyRows, gatherRows } from './batches.js'
import { checkData, checkLength, type Expected } from './checks.js'
import { denseLayers, type DenseLayer } from './dense-layers.js'
import type { Engine, Evaluation, ModelTopology, TrainingSettings } from './engine.js'
import { EngineError } from './errors.js'
import { gemmScratch, KernelMemory, type Address, type Kernels } from './kernel-memory.js'
import { meanSquaredErrorGradient, softmaxCrossEntropyGradient, softmaxInPlace } from './losses.js'
import { createMetrics } from './metrics.js'
import { reserveOptimizer } from './plan-optimizer.js'
import { readTopology } from './topology.js'

/** Rows that go through the model at once when it is only asked. */
const CHUNK_ROWS = 256

/** A dense layer with its places in kernel memory. */
interface PlacedLayer extends DenseLayer {
  readonly kernel: Address
  /** 0: none. */
  readonly biases: Address
  readonly kernelGradient: Address
  readonly biasGradient: Address
  readonly output: Address
}

/**
 * A sequence of dense layers compiled to a fixed list of kernel calls: every buffer is allocated once, parameters and
 * gradient are each one contiguous array. The same inputs give the same bits on every machine.
 */
export class PlanEngine implements Engine {
  readonly backend = 'plan'
  readonly #training: TrainingSettings
  readonly #expected: Expected
  readonly #memory = new KernelMemory()
  readonly #kernels: Kernels
  readonly #layers: readonly PlacedLayer[]
  readonly #update: () => void
  readonly #input: Address
  readonly #scratch: Address
  /** Gradients with respect to what a layer gives and takes; they change roles from layer to layer. */
  readonly #backward: readonly [Address, Address]
  readonly #parameters: Float32Array
  readonly #gradient: Float32Array
  readonly #labels: Float32Array
  #batches: Batches | undefined

  /** @throws EngineError when the plan does not know the model: ask `denseLayers` first */
  constructor(topology: ModelTopology, training: TrainingSettings) {
    const dense = denseLayers(topology, training.loss)
    if (dense === undefined) throw new EngineError('the compiled plan knows sequences of dense layers only')
    this.#training = training
    this.#expected = {
      inputShape: readTopology(topology).inputShape,
      outputs: dense[dense.length - 1].units,
      loss: training.loss
    }
    const rows = Math.max(CHUNK_ROWS, training.batchSize)
    const size = dense.reduce((sum, { inputs, units, bias }) => sum + inputs * units + (bias ? units : 0), 0)
    const widest = Math.max(...dense.map(({ units }) => units))
    const memory = this.#memory
    const parameters = memory.reserve(size)
    const gradient = memory.reserve(size)
    this.#layers = place(dense, rows, parameters, gradient, memory)
    this.#input = memory.reserve(rows * dense[0].inputs)
    this.#backward = [memory.reserve(training.batchSize * widest), memory.reserve(training.batchSize * widest)]
    this.#scratch = memory.reserve(Math.max(...dense.map(layer => layerScratch(layer, rows, training.batchSize))))
    const bindOptimizer = reserveOptimizer(memory, training, parameters, gradient, size)
    this.#kernels = memory.open()
    this.#update = bindOptimizer(this.#kernels)
    this.#parameters = memory.view(parameters, size)
    this.#gradient = memory.view(gradient, size)
    this.#labels = new Float32Array(training.batchSize)
  }

  async train(
    parameters: Float32Array,
    data: Dataset,
    options: { firstStep: number; steps: number; seed: number }
  ): Promise<{ loss: number }> {
    checkData(data, this.#expected)
    this.#load(parameters)
    const { firstStep, steps, seed } = options
    if (!this.#batches?.matches(data.rows, seed)) {
      this.#batches = new Batches(data.rows, this.#training.batchSize, seed)
    }
    let loss = 0
    for (let step = firstStep; step < firstStep + steps; step++) {
      loss += this.#differentiate(data, this.#batches.at(step))
      this.#update()
    }
    parameters.set(this.#parameters)
    return { loss: loss / steps }
  }

  /**
   * Loss and gradient of the mean loss over some rows, without a step.
   *
   * @returns `gradient` is the engine's own buffer: valid until the next call
   */
  gradient(parameters: Float32Array, data: Dataset, rows: Uint32Array): { loss: number; gradient: Float32Array } {
    checkData(data, this.#expected)
    this.#load(parameters)
    return { loss: this.#differentiate(data, rows), gradient: this.#gradient }
  }

  async evaluate(parameters: Float32Array, data: Dataset): Promise<Evaluation> {
    checkData(data, this.#expected)
    this.#load(parameters)
    const { outputs, loss } = this.#expected
    const metrics = createMetrics(loss, outputs)
    for (let start = 0; start < data.rows; start += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, data.rows - start)
      copyRows(data, start, rows, this.#inputView(rows))
      this.#forward(rows)
      metrics.add(this.#outputView(rows), data.labels.subarray(start, start + rows))
    }
    return metrics.result()
  }

  async predict(parameters: Float32Array, features: Float32Array, rows: number): Promise<Float32Array> {
    this.#load(parameters)
    const width = elementCount(this.#expected.inputShape)
    checkLength(`features of ${rows} rows`, features, rows * width)
    const { outputs, loss } = this.#expected
    const predictions = new Float32Array(rows * outputs)
    for (let start = 0; start < rows; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - start)
      this.#inputView(count).set(features.subarray(start * width, (start + count) * width))
      this.#forward(count)
      predictions.set(this.#outputView(count), start * outputs)
    }
    if (loss === 'softmax-cross-entropy') softmaxInPlace(predictions, rows, outputs)
    return predictions
  }

  /** Nothing outlives the object: its memory goes with it. */
  dispose(): void {}

  #load(parameters: Float32Array): void {
    checkLength('parameters', parameters, this.#parameters.length)
    this.#parameters.set(parameters)
  }

  #inputView(rows: number): Float32Array {
    return this.#memory.view(this.#input, rows * this.#layers[0].inputs)
  }

  #outputView(rows: number): Float32Array {
    const { output, units } = this.#layers[this.#layers.length - 1]
    return this.#memory.view(output, rows * units)
  }

  /** From the input to logits or targets. */
  #forward(rows: number): void {
    let input = this.#input
    for (const { inputs, units, kernel, biases, activation, output } of this.#layers) {
      const relu = activation === 'relu'
      this.#kernels.gemm(rows, units, inputs, input, inputs, 1, kernel, units, 1, output, biases, relu, this.#scratch)
      if (activation === 'tanh' || activation === 'sigmoid') {
        activate(activation, this.#memory.view(output, rows * units))
      }
      input = output
    }
  }

  /** Leave the gradient of the mean loss over these rows in the gradient buffer. */
  #differentiate(data: Dataset, indices: Uint32Array): number {
    const rows = indices.length
    const kernels = this.#kernels
    gatherRows(data, indices, this.#inputView(rows), this.#labels)
    this.#forward(rows)
    let [given, taken] = this.#backward
    const loss = this.#lossGradient(rows, given)
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const { inputs, units, kernel, kernelGradient, biases, biasGradient, activation, output } = this.#layers[i]
      const input = i === 0 ? this.#input : this.#layers[i - 1].output
      if (activation === 'relu') kernels.reluGradient(given, output, rows * units)
      else if (activation === 'tanh' || activation === 'sigmoid') {
        activationGradient(activation, this.#memory.view(given, rows * units), this.#memory.view(output, rows * units))
      }
      kernels.gemm(inputs, units, rows, input, 1, inputs, given, units, 1, kernelGradient, 0, false, this.#scratch)
      if (biases !== 0) kernels.columnSums(given, rows, units, biasGradient)
      if (i > 0) kernels.gemm(rows, inputs, units, given, units, 1, kernel, 1, units, taken, 0, false, this.#scratch)
      const swapped = given
      given = taken
      taken = swapped
    }
    return loss
  }

  #lossGradient(rows: number, gradient: Address): number {
    const { outputs, loss } = this.#expected
    const target = this.#memory.view(gradient, rows * outputs)
    return loss === 'softmax-cross-entropy'
      ? softmaxCrossEntropyGradient(this.#outputView(rows), this.#labels, rows, outputs, target)
      : meanSquaredErrorGradient(this.#outputView(rows), this.#labels, rows, target)
  }
}

function place(
  dense: readonly DenseLayer[],
  rows: number,
  parameters: Address,
  gradient: Address,
  memory: KernelMemory
): PlacedLayer[] {
  let offset = 0
  return dense.map(layer => {
    const kernel = offset
    const bias = kernel + layer.inputs * layer.units * 4
    offset = bias + (layer.bias ? layer.units * 4 : 0)
    return {
      ...layer,
      kernel: parameters + kernel,
      biases: layer.bias ? parameters + bias : 0,
      kernelGradient: gradient + kernel,
      biasGradient: gradient + bias,
      output: memory.reserve(rows * layer.units)
    }
  })
}

function layerScratch({ inputs, units }: DenseLayer, rows: number, batch: number): number {
  return Math.max(
    gemmScratch(rows, units, inputs),
    gemmScratch(inputs, units, batch),
    gemmScratch(batch, inputs, units)
  )
}

function activate(activation: 'tanh' | 'sigmoid', values: Float32Array): void {
  if (activation === 'tanh') for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i])
  else for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-values[i]))
}

function activationGradient(activation: 'tanh' | 'sigmoid', gradient: Float32Array, values: Float32Array): void {
  if (activation === 'tanh') for (let i = 0; i < values.length; i++) gradient[i] *= 1 - values[i] * values[i]
  else for (let i = 0; i < values.length; i++) gradient[i] *= values[i] * (1 - values[i])
}
