export { BACKEND_NAMES, createEngine } from './create-engine.js'
export type { BackendName, EngineInit } from './create-engine.js'
export type { Engine, Evaluation, ModelTopology, TrainingSettings, TrainOptions } from './engine.js'
export {
  BackendUnavailableError,
  EngineError,
  InvalidModelError,
  ModelMismatchError,
  UnusableEngineError
} from './errors.js'
export { buildModel, checkModelFits, loadModelFile, MODEL_NAMES, reconstructs, takesImages } from './models.js'
export { LOSS_NAMES } from './losses.js'
export { DEFAULT_WEIGHT_DECAY, OPTIMIZER_NAMES } from './optimizers.js'
export { DEFAULT_HIDDEN } from './models/mlp.js'
export { initialParameters, modelLayout, readTopology } from './topology.js'
export type { ModelGraph } from './topology.js'
export { sharedFloats, Trainer } from './trainer.js'
export type { CpuTime, TrainerInit } from './trainer.js'
