import type { Dataset } from '../../data/dataset.js'
import { allFinite, elementCount, type Layout } from '../../learning/parameters.js'
import { Batches, gatherLabels } from '../batches.js'
import { checkData, checkFinite, checkLength, expectedOf, type Expected } from '../checks.js'
import { dropoutRng } from '../dropout-rng.js'
import type { Engine, Evaluation, ModelTopology, TrainingSettings, TrainOptions } from '../engine.js'
import { EngineError } from '../errors.js'
import { KernelMemory } from '../kernel-memory.js'
import type { Kernels } from '../kernel-types.js'
import { labelWidth, lossGradient, toPredictions } from '../losses.js'
import { createMetrics } from '../metrics.js'
import { checkTraining, optimizerStateSize } from '../optimizers.js'
import { concatenate, scatter } from '../statistics.js'
import { modelLayout, readTopology } from '../topology.js'
import { GradientSum } from './gradient-sum.js'
import { InputRows } from './input-rows.js'
import { Network, rowsAtATime } from './network.js'
import { PlanOptimizer } from './optimizer.js'
import { planSteps, type PlanStep } from './steps.js'

/**
 * A model compiled to a fixed list of kernel calls: every buffer is allocated once, parameters and gradient are each one
 * contiguous array. The same inputs give the same bits on every machine.
 */
export class PlanEngine implements Engine {
  readonly backend = 'plan'
  readonly stateSize: number
  readonly #training: TrainingSettings
  readonly #expected: Expected
  readonly #memory = new KernelMemory()
  readonly #kernels: Kernels
  readonly #network: Network
  readonly #input: InputRows
  /** Most rows that go through the network together in training. */
  readonly #rowsAtATime: number
  readonly #optimizer: PlanOptimizer
  readonly #parameters: Float32Array
  readonly #gradient: Float32Array
  readonly #labels: Float32Array
  readonly #layout: Layout
  /** Of a batch that goes through the network in parts. */
  readonly #gradientSum: GradientSum | undefined
  #batches: Batches | undefined
  /** Of a caller who keeps none. */
  #ownState: Float32Array | undefined

  /**
   * @throws EngineError when the plan does not know the model: ask `planSteps` first
   * @throws UnknownNameError, InvalidParametersError for settings that nothing trains with
   */
  constructor(topology: ModelTopology, training: TrainingSettings, reproducible = false) {
    checkTraining(training)
    const steps = planSteps(topology, training.loss)
    if ('unsupported' in steps) throw new EngineError(`the compiled plan cannot train ${steps.unsupported}`)
    this.#training = training
    this.#expected = expectedOf(readTopology(topology), training)
    this.#layout = modelLayout(topology)
    const { perExampleClipNorm, batchSize } = training
    if (perExampleClipNorm !== undefined) checkSeparable(steps)
    this.#rowsAtATime = perExampleClipNorm === undefined ? rowsAtATime(steps, batchSize) : 1
    this.#network = new Network(steps, this.#rowsAtATime, this.#memory)
    const { size, parameters, gradient, input } = this.#network
    this.#input = new InputRows(this.#memory, input, elementCount(this.#expected.inputShape))
    this.#optimizer = new PlanOptimizer(this.#memory, training, parameters, gradient, size)
    const isWhole = perExampleClipNorm === undefined && this.#rowsAtATime >= batchSize
    this.#gradientSum = isWhole ? undefined : new GradientSum(this.#memory, gradient, size)
    this.stateSize = optimizerStateSize(training.optimizer, size)
    this.#kernels = this.#memory.open(!reproducible)
    this.#parameters = this.#memory.view(parameters, size)
    this.#gradient = this.#memory.view(gradient, size)
    this.#labels = new Float32Array(batchSize * labelWidth(training.loss, this.#expected.outputs))
  }

  get statistics(): Float32Array {
    return concatenate(this.#network.statistics)
  }

  set statistics(values: Float32Array) {
    checkLength('statistics', values, this.statistics.length)
    scatter(values, this.#network.statistics)
  }

  async train(parameters: Float32Array, data: Dataset, options: TrainOptions): Promise<{ loss: number }> {
    checkData(data, this.#expected)
    this.#loadFinite(parameters)
    const { firstStep, steps, seed, state = (this.#ownState ??= new Float32Array(this.stateSize)), offset } = options
    checkLength('optimiser state', state, this.stateSize)
    if (offset !== undefined) checkLength('gradient offset', offset, this.#layout.size)
    this.#optimizer.load(state, firstStep, offset)
    if (!this.#batches?.matches(data.rows, seed)) {
      this.#batches = new Batches(data.rows, this.#training.batchSize, seed)
    }
    const { statistics } = this
    let loss = 0
    for (let step = firstStep; step < firstStep + steps; step++) {
      if (this.#network.isRandom) this.#network.draw(dropoutRng(seed, step))
      loss += this.#differentiate(data, this.#batches.at(step))
      this.#optimizer.update(this.#kernels)
    }
    if (!Number.isFinite(loss) || !this.#isFinite || !allFinite(this.statistics)) {
      this.statistics = statistics
      return { loss: NaN }
    }
    this.#optimizer.save(state)
    parameters.set(this.#parameters)
    return { loss: loss / steps }
  }

  /**
   * Loss and gradient of the mean loss over some rows, without a step; with `perExampleClipNorm`, the mean of the examples' clipped
   * gradients. Dropout drops what it dropped last.
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
    this.#loadFinite(parameters)
    const { outputs, loss, target } = this.#expected
    const { mostRows } = this.#network
    const width = labelWidth(loss, outputs)
    const metrics = createMetrics(loss, outputs)
    for (let start = 0; start < data.rows; start += mostRows) {
      const rows = Math.min(mostRows, data.rows - start)
      this.#input.copy(this.#kernels, data, start, rows)
      this.#network.forward(this.#kernels, rows, false)
      const labels = data.labels.subarray(start * width, (start + rows) * width)
      metrics.add(this.#outputView(rows), target === 'input' ? this.#input.view(rows) : labels)
    }
    return metrics.result()
  }

  async predict(parameters: Float32Array, features: Float32Array, rows: number): Promise<Float32Array> {
    this.#load(parameters)
    const width = elementCount(this.#expected.inputShape)
    checkLength(`features of ${rows} rows`, features, rows * width)
    const { outputs, loss } = this.#expected
    const { mostRows } = this.#network
    const predictions = new Float32Array(rows * outputs)
    for (let start = 0; start < rows; start += mostRows) {
      const count = Math.min(mostRows, rows - start)
      this.#input.view(count).set(features.subarray(start * width, (start + count) * width))
      this.#network.forward(this.#kernels, count, false)
      predictions.set(this.#outputView(count), start * outputs)
    }
    toPredictions(loss, predictions, rows, outputs)
    return predictions
  }

  /** Nothing outlives the object: its memory goes with it. */
  dispose(): void {}

  #load(parameters: Float32Array): void {
    checkLength('parameters', parameters, this.#parameters.length)
    this.#parameters.set(parameters)
  }

  /** @throws EngineError as `checkFinite` */
  #loadFinite(parameters: Float32Array): void {
    this.#load(parameters)
    if (!this.#isFinite) checkFinite(parameters, this.#layout)
  }

  /** Whether all parameters are, looked at where they lie. */
  get #isFinite(): boolean {
    return this.#kernels.allFinite(this.#network.parameters, this.#network.size) === 1
  }

  #outputView(rows: number): Float32Array {
    return this.#memory.view(this.#network.output, rows * this.#expected.outputs)
  }

  /** Leave the gradient of the mean loss over these rows in the gradient buffer. */
  #differentiate(data: Dataset, indices: Uint32Array): number {
    const sum = this.#gradientSum
    if (sum === undefined) {
      this.#gather(data, indices)
      return this.#pass(indices.length, 0)
    }
    let loss = 0
    sum.clear()
    for (let first = 0; first < indices.length; first += this.#rowsAtATime) {
      const part = indices.subarray(first, first + this.#rowsAtATime)
      const weight = part.length / indices.length
      this.#gather(data, part)
      loss += weight * this.#pass(part.length, first)
      sum.add(this.#kernels, weight, this.#training.perExampleClipNorm)
    }
    sum.write(this.#kernels)
    return loss
  }

  #gather(data: Dataset, indices: Uint32Array): void {
    const { target, loss, outputs } = this.#expected
    this.#input.gather(this.#kernels, data, indices)
    if (target === 'input') this.#labels.set(this.#input.view(indices.length))
    else gatherLabels(data, indices, labelWidth(loss, outputs), this.#labels)
  }

  /**
   * Forward and backward.
   *
   * @param firstRow - where in the batch the rows begin
   */
  #pass(rows: number, firstRow: number): number {
    const { outputs, loss } = this.#expected
    this.#network.forward(this.#kernels, rows, true, { firstRow })
    const gradient = this.#memory.view(this.#network.outputGradient, rows * outputs)
    const mean = lossGradient(loss, this.#outputView(rows), this.#labels, rows, outputs, gradient)
    this.#network.backward(this.#kernels, rows, { firstRow })
    return mean
  }
}

/** Where an example's output depends on the others none has a gradient of its own. */
function checkSeparable(steps: readonly PlanStep[]): void {
  const mixing = steps.find(({ kind }) => kind.mixesExamples)
  if (mixing === undefined) return
  const { class_name: name, config } = mixing.layer
  const layer = `layer "${String(config.name)}" (${name})`
  throw new EngineError(`perExampleClipNorm with ${layer}, which mixes examples; expected group normalisation`)
}
