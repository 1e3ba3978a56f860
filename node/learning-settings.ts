import type { ModelTopology } from '../engine/index.js'

/** What a user may decide about learning; the rest of a task follows from the data. */
export interface LearningSettings {
  /** Name of the task. @default 'model' */
  readonly name: string
  /** A built-in model (`mlp`, `mlp:64,32`, `softmax`), or a tfjs LayersModel topology. */
  readonly model: string | ModelTopology
  readonly optimizer: 'sgd' | 'momentum' | 'adam'
  readonly learningRate: number
  /** For the optimizer `momentum`. */
  readonly momentum: number
  readonly batchSize: number
  /** Optimizer steps between two averagings. */
  readonly localSteps: number
  readonly averaging: string
  readonly topology: string
  readonly compress: string
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
  averaging: 'd-psgd',
  topology: 'exponential',
  compress: 'quantize:8',
  seed: 1
}
