export { BACKEND_NAMES, createEngine } from './create-engine.js'
export type { BackendName, EngineInit } from './create-engine.js'
export type { Engine, Evaluation, ModelTopology, TrainingSettings } from './engine.js'
export {
  BackendUnavailableError,
  EngineError,
  InvalidModelError,
  ModelMismatchError,
  UnusableEngineError
} from './errors.js'
export { buildModel, checkModelFits, DEFAULT_HIDDEN, loadModelFile, MODEL_NAMES } from './models.js'
export { initialParameters, modelLayout, readTopology } from './topology.js'
export type { SequentialModel } from './topology.js'
export { sharedFloats, Trainer } from './trainer.js'
export type { CpuTime, TrainerInit } from './trainer.js'
