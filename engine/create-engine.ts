import { UnknownNameError } from '../learning/errors.js'
import type { Engine, ModelTopology, TrainingSettings } from './engine.js'
import { BackendUnavailableError } from './errors.js'
import { checkTraining } from './optimizers.js'
import { PlanEngine } from './plan/plan-engine.js'
import { planSteps } from './plan/steps.js'

/** What may be asked for; `auto` picks the fastest that can train the model here. */
export const BACKEND_NAMES = ['auto', 'native', 'plan', 'wasm', 'cpu'] as const
export type BackendName = (typeof BACKEND_NAMES)[number]

export interface EngineInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** @default 'auto' */
  readonly backend?: BackendName
  /** Told once, in one line, when a slow backend had to be taken. */
  readonly onWarning?: (message: string) => void
}

/**
 * An engine for a model: the compiled plan for models that it knows, else tfjs on its native, wasm or cpu backend, in this
 * order. tfjs is loaded only when it is needed.
 *
 * @throws InvalidModelError for a topology that is not known
 * @throws BackendUnavailableError when a backend asked for by name cannot run here or cannot train the model
 * @throws UnknownNameError for another backend name, and for a loss or an optimiser that nothing trains with
 * @throws InvalidParametersError for settings out of range
 */
export async function createEngine(init: EngineInit): Promise<Engine> {
  const { topology, training, backend = 'auto' } = init
  if (!BACKEND_NAMES.includes(backend)) throw new UnknownNameError('backend', backend, BACKEND_NAMES)
  checkTraining(training)
  if (backend === 'plan' || backend === 'auto') {
    const steps = planSteps(topology, training.loss)
    if (!('unsupported' in steps)) return new PlanEngine(topology, training)
    if (backend === 'plan') {
      throw new BackendUnavailableError(backend, `it cannot train ${steps.unsupported}. Use "auto".`)
    }
  }
  const { createTfjsEngine } = await import('./tfjs.js')
  return createTfjsEngine(init, backend)
}
