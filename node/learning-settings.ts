import type { ModelTopology, TrainingSettings } from '../engine/index.js'

/** What a user may decide about learning; the rest of a task follows from the data. */
export interface LearningSettings {
  /** Name of the task. @default 'model' */
  readonly name: string
  /** A built-in model (`mlp`, `mlp:64,32`, `softmax`), or a tfjs LayersModel topology. */
  readonly model: string | ModelTopology
  /** @default what fits the label: softmax cross-entropy for classes, the mean squared error for a number */
  readonly loss?: TrainingSettings['loss']
  readonly optimizer: TrainingSettings['optimizer']
  readonly learningRate: number
  /** For the optimizers `momentum` and `nesterov`. */
  readonly momentum: number
  /** For the optimizer `adamw`. @default 0.01 */
  readonly weightDecay?: number
  /** Most that the Euclidean norm of a step's gradient may be. @default none */
  readonly clipNorm?: number
  /** Most that an entry of a step's gradient may be. @default none */
  readonly clipValue?: number
  /** Most that the Euclidean norm of one example's gradient may be. @default none */
  readonly perExampleClipNorm?: number
  readonly batchSize: number
  /** Optimizer steps between two averagings. */
  readonly localSteps: number
  /** Rounds without local steps, as in `4:1`: one after every four with them, or `last:4`: the last four. @default none */
  readonly sharing?: string
  /** What goes over from one round to the next beside the model: `quasi-global`, `outer`, `exact-diffusion`. @default nothing */
  readonly roundMemory?: string
  readonly averaging: string
  readonly topology: string
  /** @default what suits the strategy: `quantize:8`; with `anti-entropy` `adaptive-top-k` */
  readonly compress?: string
  /** What a node may send, in place of `compress`: `200KB/round`, `5MB/hour`. @default without limit */
  readonly budget?: string
  readonly seed: number
}

export const defaultSettings: LearningSettings = {
  name: 'model',
  model: 'mlp',
  optimizer: 'momentum',
  learningRate: 0.05,
  momentum: 0.9,
  batchSize: 32,
  localSteps: 31,
  averaging: 'anti-entropy',
  topology: 'exponential',
  seed: 1
}
