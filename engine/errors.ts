/** Training or inference could not go on: a bad argument, a worker that died, a trainer that was stopped. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError'
}

/** No engine can be made for a model in a training worker: the backend is not available, or cannot train the model. */
export class UnusableEngineError extends EngineError {
  override readonly name = 'UnusableEngineError'
}

/** A model file or topology that cannot be read, or that holds something this project cannot lay out. */
export class InvalidModelError extends Error {
  override readonly name = 'InvalidModelError'
}

/** A model and its data do not belong together. */
export class ModelMismatchError extends Error {
  override readonly name = 'ModelMismatchError'
  constructor(
    message: string,
    /** What the model takes or gives. */
    readonly expected: readonly number[],
    /** What the data has. */
    readonly actual: readonly number[]
  ) {
    super(message)
  }
}

/** A backend that was asked for by name cannot run here, or cannot run this model. */
export class BackendUnavailableError extends Error {
  override readonly name = 'BackendUnavailableError'
  constructor(
    readonly backend: string,
    /** What is wrong, without a full stop. */
    readonly reason: string,
    /** What to do about it. */
    remedy: string,
    options?: ErrorOptions
  ) {
    super(`backend "${backend}" is not available: ${reason}. ${remedy}`, options)
  }
}
