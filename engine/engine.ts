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

/** What `Engine.train` is told beside parameters and data. */
export interface TrainOptions {
  /** How many steps this node has taken on this task before. Batches and Adam's bias correction go on from there. */
  readonly firstStep: number
  readonly steps: number
  /** Decides the order of the rows. */
  readonly seed: number
  /**
   * Optimiser state of this node, of length `Engine.stateSize`: zeros before its first step, changed by training.
   *
   * One engine can so train many nodes in turn, each bit for bit as if it had an engine of its own, but for `statistics`.
   *
   * @default the engine's own
   */
  readonly state?: Float32Array
}

/** What an engine runs on: the compiled plan, or a backend of tfjs. */
export type EngineBackend = 'plan' | 'native' | 'wasm' | 'cpu'

/** A model that can be trained and asked. Parameters come from and go to the caller, optimiser state if it likes. */
export interface Engine {
  readonly backend: EngineBackend
  /** Floats of optimiser state for n parameters: 0 (`sgd`), n (`momentum`) or 2n (`adam`). */
  readonly stateSize: number
  /**
   * Moving statistics of batch normalisation, layer by layer mean then variance: they follow training, evaluation and
   * prediction use them, and averaging leaves them alone. Empty without such layers. Read and set as a copy.
   */
  statistics: Float32Array
  /**
   * Run optimiser steps on `parameters`, changing it.
   *
   * Step t of a node takes batch t modulo (batches an epoch) of a permutation seeded by (seed, epoch), so that a resumed run
   * sees the batches that an uninterrupted one would have. The last, smaller batch of an epoch is left out; when the data set
   * is smaller than a batch, the batch is the data set.
   *
   * Steps that end in a loss, parameters or statistics that are not finite change nothing: parameters, optimiser state and statistics
   * stay what they were, so that training can go on with the next batch. (The tfjs backends forget their optimiser state.)
   *
   * @returns mean loss over the steps, measured before each step's update; not finite when the steps were discarded
   * @throws EngineError when `state` has another length, or is given to another engine than the plan
   */
  train(parameters: Float32Array, data: Dataset, options: TrainOptions): Promise<{ loss: number }>
  evaluate(parameters: Float32Array, data: Dataset): Promise<Evaluation>
  /**
   * @param features - rows x input width, already scaled
   * @returns rows x output width: probabilities (classification) or targets in the model's own units
   */
  predict(parameters: Float32Array, features: Float32Array, rows: number): Promise<Float32Array>
  /** Release tensors and memory. */
  dispose(): void
}
