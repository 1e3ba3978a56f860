import type { KernelMemory } from '../kernel-memory.js'
import type { Address, Kernels } from '../kernel-types.js'
import type { ModelLayer } from '../topology.js'

export type { ModelLayer } from '../topology.js'

/** A kind of layer that the compiled plan can train. */
export interface LayerKind {
  /** Whether `forward` applies relu itself when it is told to, and `backward` its derivative. */
  readonly fusesRelu: boolean
  /** Whether its backward pass needs the output as `forward` wrote it. @default false */
  readonly keepsOutput?: boolean
  /** Whether `backward` may write the gradient of its one input over that of its output. @default false */
  readonly overwritesGradient?: boolean
  /** Whether an example's output depends on the other examples of its batch. @default false */
  readonly mixesExamples?: boolean
  /** Whether it makes random choices, and so needs a key for each step. @default false */
  readonly isRandom?: boolean
  /** Whether the plan can train a layer of this configuration. */
  accepts(layer: ModelLayer): boolean
  /** Reserve what the layer needs. */
  place(layer: ModelLayer, placement: Placement): PlanLayer
}

/** Where a layer finds its parameters, and for how many rows it must have room. */
export interface Placement {
  readonly memory: KernelMemory
  /** Most rows of a forward pass. */
  readonly rows: number
  /** Most rows of a backward pass. */
  readonly trainingRows: number
  /** Of each tensor of the layer, in their order. */
  readonly parameters: readonly Address[]
  /** Where the gradient of each tensor belongs. */
  readonly gradients: readonly Address[]
}

/** A layer with its places in kernel memory. It keeps what its backward pass needs of the forward pass before. */
export interface PlanLayer {
  /** Floats that it needs for the time of a pass. */
  readonly scratch: number
  /** What training leaves beside the parameters, as `Engine.statistics` orders it. */
  readonly statistics?: readonly { readonly address: Address; readonly floats: number }[]
  /** Write the output. */
  forward(pass: ForwardPass): void
  /** Write the gradients of the parameters, and those of the inputs that are asked for. */
  backward(pass: BackwardPass): void
}

interface Pass {
  readonly kernels: Kernels
  readonly rows: number
  /** One a layer, but for those that merge. */
  readonly inputs: readonly Address[]
  /** The first of them. */
  readonly input: Address
  /** Written by `forward`; in `backward` with the activation that was applied in place. */
  readonly output: Address
  readonly scratch: Address
  /** What random choices depend on beside the place in the batch: the same in both passes of a step. */
  readonly key: number
  /** Where in the batch the rows begin. */
  readonly firstRow: number
  /** Whether relu belongs to the layer; always false for one that does not fuse it. */
  readonly relu: boolean
}

export interface ForwardPass extends Pass {
  /** Whether the gradient is asked for next. */
  readonly training: boolean
}

export interface BackwardPass extends Pass {
  /** Of what comes after relu; the layer may change it. */
  readonly outputGradient: Address
  /** For each input; 0: not asked for. */
  readonly inputGradients: readonly Address[]
  /** The first of them. */
  readonly inputGradient: Address
}
