import type { DataSplit } from '../data/index.js'
import type { BackendName, Evaluation, ModelTopology, TrainingSettings } from '../engine/index.js'

/** What a worker of the pool is started with. Every array in it is shared, none is copied. */
export interface PoolWorkerInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  readonly backend: BackendName
  /** Rows of each node. */
  readonly data: readonly DataSplit[]
  /** Order of the rows of each node. */
  readonly seeds: readonly number[]
}

/** Vectors that all workers share, once their size is known. */
export interface Vectors {
  /** Parameters to work on, one vector a slot. */
  readonly slots: Float32Array
  /** What is added to the gradients of the work in each slot. */
  readonly offsets: Float32Array
  /** Optimiser state, one vector a node. */
  readonly states: Float32Array
}

/** Work on the parameters in a slot, by which it is known. `seed` and rows are those of `node`. */
export type Job = { readonly slot: number; readonly node: number } & (
  | { readonly kind: 'train'; readonly firstStep: number; readonly steps: number; readonly hasOffset: boolean }
  | { readonly kind: 'evaluate' }
)

export type JobResult = { readonly loss: number } | Evaluation

export type ToWorker = { readonly kind: 'vectors'; readonly vectors: Vectors } | { readonly kind: 'jobs'; jobs: Job[] }

export type FromWorker =
  | { readonly kind: 'ready'; readonly backend: string; readonly stateSize: number }
  | { readonly kind: 'warning'; readonly message: string }
  /** The engine could not be made. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'done'; readonly results: readonly { readonly slot: number; readonly result: JobResult }[] }
  | { readonly kind: 'failed'; readonly message: string }
