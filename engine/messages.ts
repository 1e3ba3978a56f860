import type { DataSplit } from '../data/dataset.js'
import type { BackendName } from './create-engine.js'
import type { EngineBackend, Evaluation, ModelTopology, TrainingSettings, TrainOptions } from './engine.js'
import type { SharedModelMemory } from './shared-model.js'

/** The first message to a worker of the engine. */
export interface WorkerInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  readonly backend: BackendName
  /** As in `EngineInit`. */
  readonly reproducible?: boolean
}

export interface TrainingInit extends WorkerInit {
  readonly data: DataSplit
  readonly seed: number
  /** Shared; the worker writes `Engine.statistics` into it, at its start and after each training. */
  readonly statistics: Float32Array
  /** Whether `statistics` holds those to begin with. */
  readonly resumed: boolean
}

export interface InferenceInit extends WorkerInit {
  readonly model: SharedModelMemory
}

/** What a training worker can be asked. */
export type TrainingWork =
  | ({ readonly kind: 'train'; readonly parameters: Float32Array } & Omit<TrainOptions, 'seed'>)
  | { readonly kind: 'evaluate'; readonly parameters: Float32Array }

/** CPU time that a request took on the worker's thread. */
export interface CpuTime {
  readonly cpuMs: number
}

export type TrainingResult = ({ readonly loss: number } | Evaluation) & CpuTime

/** What an inference worker can be asked. */
export interface InferenceWork {
  /** rows x input width, already scaled */
  readonly features: Float32Array
  readonly rows: number
}

/** What a model answers, and which model it was. */
export interface InferenceResult {
  /** rows x output width: probabilities (classification) or targets in the model's own units */
  readonly predictions: Float32Array
  /** The round that the model is the result of. */
  readonly round: number
  /** How many models this node has published, this one included. */
  readonly version: number
}

export interface Request<Work> {
  readonly id: number
  readonly work: Work
}

export type Reply<Result> =
  | { readonly kind: 'ready'; readonly backend: EngineBackend; readonly stateSize: number }
  | { readonly kind: 'warning'; readonly message: string }
  /** The engine could not be made. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: Result }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
