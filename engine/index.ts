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
export { tfjsModelFile, tfjsWeights, weightsFile } from './export.js'
export { buildModel, checkModelFits, loadModelFile, MODEL_NAMES, reconstructs, takesImages } from './models.js'
export { LOSS_NAMES } from './losses.js'
export { DEFAULT_WEIGHT_DECAY, OPTIMIZER_NAMES } from './optimizers.js'
export { DEFAULT_HIDDEN } from './models/mlp.js'
export { initialParameters, modelLayout, statisticsSize, readTopology } from './topology.js'
export type { ModelGraph } from './topology.js'
export type { CpuTime, InferenceResult } from './messages.js'
export { Predictor, type PredictorInit } from './predictor.js'
export { sharedFloats } from './shared-floats.js'
export { startTrainingThread, Trainer, type TrainerInit, type TrainingThread } from './trainer.js'
