import type { Dataset } from '../data/dataset.js'

/** How a node trains. Part of the task: every node of a swarm uses the same. */
export interface TrainingSettings {
  readonly loss: 'softmax-cross-entropy' | 'mean-squared-error'
  readonly optimizer: 'sgd' | 'momentum' | 'adam'
  readonly learningRate: number
  /** For `momentum`. */
  readonly momentum: number
  readonly batchSize: number
}

/** A tfjs LayersModel topology: the object under `modelTopology` of a saved model, or what `model.toJSON(null, false)` gives. */
export type ModelTopology = Record<string, unknown>

/** Figures over a whole data set. */
export interface Evaluation {
  /** Mean over examples, in the units of the task's loss. */
  readonly loss: number
  /** Share of examples whose largest output is their class; classification only. */
  readonly accuracy?: number
  /** Coefficient of determination; regression only. */
  readonly r2?: number
}

/** A model that can be trained and asked. It holds optimiser state; parameters come from and go to the caller. */
export interface Engine {
  /** `plan`, `native`, `wasm` or `cpu`. */
  readonly backend: string
  /**
   * Run optimiser steps on `parameters`, changing it.
   *
   * Step t of a node takes batch t modulo (batches an epoch) of a permutation seeded by (seed, epoch), so that a resumed run
   * sees the batches that an uninterrupted one would have. The last, smaller batch of an epoch is left out; when the data set
   * is smaller than a batch, the batch is the data set.
   *
   * @param firstStep - how many steps this node has taken on this task before
   * @returns mean loss over the steps, measured before each step's update
   */
  train(
    parameters: Float32Array,
    data: Dataset,
    options: { firstStep: number; steps: number; seed: number }
  ): Promise<{ loss: number }>
  evaluate(parameters: Float32Array, data: Dataset): Promise<Evaluation>
  /**
   * @param features - rows x input width, already scaled
   * @returns rows x output width: probabilities (classification) or targets in the model's own units
   */
  predict(parameters: Float32Array, features: Float32Array, rows: number): Promise<Float32Array>
  /** Release tensors and memory. */
  dispose(): void
}
