import type { DataSplit } from '../data/dataset.js'
import type { BackendName } from './create-engine.js'
import type { Evaluation, ModelTopology, TrainingSettings } from './engine.js'

/** What a training worker is started with. */
export interface WorkerInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  readonly data: DataSplit
  readonly seed: number
  readonly backend: BackendName
}

/** What a training worker can be asked; answered in the order of asking. */
export type Work =
  | {
      readonly kind: 'train'
      readonly parameters: Float32Array
      readonly firstStep: number
      readonly steps: number
      readonly state?: Float32Array
    }
  | { readonly kind: 'evaluate'; readonly parameters: Float32Array }
  | {
      readonly kind: 'predict'
      readonly parameters: Float32Array
      readonly features: Float32Array
      readonly rows: number
    }

export type Request = Work & { readonly id: number }

export type WorkResult = { readonly loss: number } | Evaluation | Float32Array

export type Reply =
  | { readonly kind: 'ready'; readonly backend: string; readonly stateSize: number }
  | { readonly kind: 'warning'; readonly message: string }
  /** The engine could not be made. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly result: WorkResult; readonly cpuMs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
