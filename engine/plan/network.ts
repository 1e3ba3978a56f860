import { elementCount } from '../../learning/parameters.js'
import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'
import { activate, differentiate, type Activation } from './activation.js'
import type { PlanLayer } from './layer-kind.js'
import type { PlanStep } from './steps.js'

/** Rows that go through the model at once when it is only asked, unless its buffers would grow too large. */
const MOST_ROWS = 256
const MOST_FLOATS = 2 ** 21

interface PlacedStep {
  readonly layer: PlanLayer
  readonly activation: Activation
  /** Whether the layer applies the activation itself. */
  readonly fused: boolean
  readonly output: Address
  /** Floats of one example's output. */
  readonly width: number
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
  readonly #steps: readonly PlacedStep[]
  /** Gradients with respect to what a layer gives and takes; they change roles from layer to layer. */
  readonly #backward: readonly [Address, Address]
  readonly #scratch: Address

  /** Reserve everything in `memory`, which the caller opens. */
  constructor(
    steps: readonly PlanStep[],
    batchRows: number,
    private readonly memory: KernelMemory
  ) {
    const inputWidth = elementCount(steps[0].layer.inputShape)
    const widths = steps.map(({ layer }) => elementCount(layer.outputShape))
    const floatsOfRow = widths.reduce((sum, width) => sum + width, inputWidth)
    this.mostRows = Math.max(batchRows, Math.min(MOST_ROWS, Math.floor(MOST_FLOATS / floatsOfRow)))
    const sizes = steps.map(({ layer }) => layer.tensors.map(({ shape }) => elementCount(shape)))
    this.size = sizes.flat().reduce((sum, size) => sum + size, 0)
    this.parameters = memory.reserve(this.size)
    this.gradient = memory.reserve(this.size)
    this.input = memory.reserve(this.mostRows * inputWidth)
    let offset = 0
    this.#steps = steps.map(({ kind, layer, activation }, i) => {
      const offsets = sizes[i].map(size => (offset += size * 4) - size * 4)
      const placed = kind.place(layer, {
        memory,
        rows: this.mostRows,
        batchRows,
        parameters: offsets.map(each => this.parameters + each),
        gradients: offsets.map(each => this.gradient + each)
      })
      const fused = activation === 'relu' && kind.fusesRelu
      const output = memory.reserve(this.mostRows * widths[i])
      return { layer: placed, activation, fused, output, width: widths[i] }
    })
    const widest = Math.max(...widths)
    this.#backward = [memory.reserve(batchRows * widest), memory.reserve(batchRows * widest)]
    this.#scratch = memory.reserve(Math.max(...this.#steps.map(({ layer }) => layer.scratch)))
  }

  /** Views of `Engine.statistics`, once the memory is open. */
  get statistics(): readonly Float32Array[] {
    const placed = this.#steps.flatMap(({ layer }) => layer.statistics ?? [])
    return placed.map(({ address, floats }) => this.memory.view(address, floats))
  }

  /** Where the last forward pass left logits or targets. */
  get output(): Address {
    return this.#steps[this.#steps.length - 1].output
  }

  /** Where `backward` expects the gradient with respect to the output. */
  get outputGradient(): Address {
    return this.#backward[0]
  }

  /** From the input to logits or targets. */
  forward(kernels: Kernels, rows: number, training: boolean): void {
    let { input } = this
    for (const { layer, activation, fused, output, width } of this.#steps) {
      layer.forward({ kernels, rows, input, output, relu: fused, training, scratch: this.#scratch })
      if (!fused) activate(activation, kernels, this.memory, output, rows * width)
      input = output
    }
  }

  /** From the gradient with respect to the output to that of the parameters; after a forward pass in training. */
  backward(kernels: Kernels, rows: number): void {
    let [outputGradient, inputGradient] = this.#backward
    for (let i = this.#steps.length - 1; i >= 0; i--) {
      const { layer, activation, output, width } = this.#steps[i]
      differentiate(activation, kernels, this.memory, outputGradient, output, rows * width)
      const input = i === 0 ? this.input : this.#steps[i - 1].output
      const asked = i === 0 ? 0 : inputGradient
      layer.backward({ kernels, rows, input, outputGradient, inputGradient: asked, scratch: this.#scratch })
      const swapped = outputGradient
      outputGradient = inputGradient
      inputGradient = swapped
    }
  }
}
