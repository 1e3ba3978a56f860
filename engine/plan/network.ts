import { elementCount } from '../../learning/parameters.js'
import type { Rng } from '../../learning/rng.js'
import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'
import { activate, differentiate, relu, type Activation } from './activation.js'
import { planGradients, type GradientPlan } from './gradient-slots.js'
import type { PlanLayer } from './layer-kind.js'
import { MODEL_INPUT, type PlanStep } from './steps.js'

/** Rows that go through the model at once when it is only asked, unless its buffers would grow too large. */
const MOST_ROWS = 256
const MOST_FLOATS = 2 ** 21
/** Values of rows that go through the model together in training fit in this: a second-level cache, roughly. */
const TRAINING_FLOATS = 2 ** 18
/** Adding up the gradients of parts of a batch costs little when the values of a part are so many times more than parameters. */
const FLOATS_OF_PARAMETER = 10

interface PlacedStep {
  readonly name: string
  readonly isRandom: boolean
  readonly layer: PlanLayer
  readonly activation: Activation
  /** Whether the layer applies the activation itself. */
  readonly fused: boolean
  readonly inputs: readonly Address[]
  readonly output: Address
  /** Floats of one example's output. */
  readonly width: number
  readonly inputWidths: readonly number[]
  readonly gradients: GradientPlan
}

/**
 * How many rows of a batch go through the network together in training. A layer then finds in a cache what the one before gave,
 * where all of the batch would have left it.
 */
export function rowsAtATime(steps: readonly PlanStep[], batchSize: number): number {
  if (steps.some(({ kind }) => kind.mixesExamples)) return batchSize
  const floats = Math.max(TRAINING_FLOATS, FLOATS_OF_PARAMETER * parameterCount(steps))
  const parts = Math.max(1, Math.round((batchSize * floatsOfRow(steps)) / floats))
  return Math.ceil(batchSize / parts)
}

/** Which rows of a batch go through the network together, when not all of it. */
export interface PassOptions {
  /** @default 0 */
  readonly firstRow?: number
}

/** The layers of a plan with all their buffers; parameters and gradient are each one contiguous array. */
export class Network {
  /** Most rows of a forward pass. */
  readonly mostRows: number
  /** Number of parameters. */
  readonly size: number
  readonly parameters: Address
  readonly gradient: Address
  readonly input: Address
  /** Whether a layer makes random choices in training. */
  readonly isRandom: boolean
  readonly #steps: readonly PlacedStep[]
  /** Gradients with respect to what layers give and take; they change roles from layer to layer. */
  readonly #slots: readonly Address[]
  readonly #scratch: Address
  readonly #keys: Uint32Array

  /** Reserve everything in `memory`, which the caller opens. */
  constructor(
    steps: readonly PlanStep[],
    trainingRows: number,
    private readonly memory: KernelMemory
  ) {
    const inputWidth = elementCount(steps[0].layer.inputShape)
    const widths = steps.map(({ layer }) => elementCount(layer.outputShape))
    this.mostRows = Math.max(trainingRows, Math.min(MOST_ROWS, Math.floor(MOST_FLOATS / floatsOfRow(steps))))
    const sizes = steps.map(sizesOf)
    this.size = parameterCount(steps)
    this.parameters = memory.reserve(this.size)
    this.gradient = memory.reserve(this.size)
    this.input = memory.reserve(this.mostRows * inputWidth)
    const outputs = widths.map(width => memory.reserve(this.mostRows * width))
    const { slots, plans } = planGradients(
      steps.map(({ inputs }) => inputs),
      steps.map(({ kind }) => kind.overwritesGradient === true)
    )
    let offset = 0
    this.#steps = steps.map(({ kind, layer, activation, inputs }, i) => {
      const offsets = sizes[i].map(size => (offset += size * 4) - size * 4)
      const placed = kind.place(layer, {
        memory,
        rows: this.mostRows,
        trainingRows,
        parameters: offsets.map(each => this.parameters + each),
        gradients: offsets.map(each => this.gradient + each)
      })
      return {
        name: String(layer.config.name),
        isRandom: kind.isRandom === true,
        layer: placed,
        activation,
        fused: activation === relu && kind.fusesRelu,
        inputs: inputs.map(input => (input === MODEL_INPUT ? this.input : outputs[input])),
        output: outputs[i],
        width: widths[i],
        inputWidths: layer.inputShapes.map(elementCount),
        gradients: plans[i]
      }
    })
    const widest = Math.max(...widths)
    this.#slots = Array.from({ length: slots }, () => memory.reserve(trainingRows * widest))
    this.#scratch = memory.reserve(Math.max(...this.#steps.map(({ layer }) => layer.scratch)))
    this.#keys = new Uint32Array(steps.length)
    this.isRandom = this.#steps.some(({ isRandom }) => isRandom)
  }

  /** Views of `Engine.statistics`, once the memory is open. */
  get statistics(): readonly Float32Array[] {
    const placed = this.#steps.flatMap(({ layer }) => layer.statistics ?? [])
    return placed.map(({ address, floats }) => this.memory.view(address, floats))
  }

  /** Where the last forward pass left logits or targets. */
  get output(): Address {
    return this.#last.output
  }

  /** Where `backward` expects the gradient with respect to the output. */
  get outputGradient(): Address {
    return this.#slots[this.#last.gradients.output]
  }

  /** Fix the random choices of the passes that follow. */
  draw(rng: Rng): void {
    for (const [i, { name, isRandom }] of this.#steps.entries()) {
      if (isRandom) this.#keys[i] = rng.fork(name).uint32()
    }
  }

  /** From the input to logits or targets. */
  forward(kernels: Kernels, rows: number, training: boolean, { firstRow = 0 }: PassOptions = {}): void {
    const scratch = this.#scratch
    for (const [i, { layer, activation, fused, inputs, output, width }] of this.#steps.entries()) {
      const key = this.#keys[i]
      const [input] = inputs
      layer.forward({ kernels, rows, inputs, input, output, relu: fused, training, scratch, key, firstRow })
      if (!fused) activate(activation, kernels, this.memory, output, rows * width)
    }
  }

  /** From the gradient with respect to the output to that of the parameters; after a forward pass in training. */
  backward(kernels: Kernels, rows: number, { firstRow = 0 }: PassOptions = {}): void {
    const scratch = this.#scratch
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const { layer, activation, fused, inputs, output, width, inputWidths, gradients } = this.#steps[i]
      const outputGradient = this.#slots[gradients.output]
      if (!fused) differentiate(activation, kernels, this.memory, outputGradient, output, rows * width)
      const inputGradients = gradients.inputs.map(({ slot }) => (slot === undefined ? 0 : this.#slots[slot]))
      const [[input], [inputGradient]] = [inputs, inputGradients]
      const values = { inputs, input, output, outputGradient, inputGradients, inputGradient }
      layer.backward({ kernels, rows, ...values, relu: fused, scratch, key: this.#keys[i], firstRow })
      for (const [j, { slot, addTo }] of gradients.inputs.entries()) {
        if (slot === undefined || addTo === undefined) continue
        kernels.addInto(this.#slots[slot], this.#slots[addTo], rows * inputWidths[j])
      }
    }
  }

  get #last(): PlacedStep {
    return this.#steps[this.#steps.length - 1]
  }
}

/** Of an example's input and of all that layers give of it. */
function floatsOfRow(steps: readonly PlanStep[]): number {
  const inputWidth = elementCount(steps[0].layer.inputShape)
  return steps.reduce((sum, { layer }) => sum + elementCount(layer.outputShape), inputWidth)
}

function parameterCount(steps: readonly PlanStep[]): number {
  return steps.flatMap(sizesOf).reduce((sum, size) => sum + size, 0)
}

/** Of each tensor of a step. */
function sizesOf({ layer }: PlanStep): readonly number[] {
  return layer.tensors.map(({ shape }) => elementCount(shape))
}
