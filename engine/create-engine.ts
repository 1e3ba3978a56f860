import { UnknownNameError } from '../learning/errors.js'
import { denseLayers } from './dense-layers.js'
import type { Engine, ModelTopology, TrainingSettings } from './engine.js'
import { BackendUnavailableError } from './errors.js'
import { PlanEngine } from './plan.js'
import { readTopology } from './topology.js'

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
 * An engine for a model: the compiled plan for dense models, else tfjs on its native, wasm or cpu backend, in this
 * order. tfjs is loaded only when it is needed.
 *
 * @throws InvalidModelError for a topology that is not known
 * @throws BackendUnavailableError when a backend asked for by name cannot run here or cannot train the model
 * @throws UnknownNameError for another backend name
 */
export async function createEngine(init: EngineInit): Promise<Engine> {
  const { topology, training, backend = 'auto' } = init
  if (!BACKEND_NAMES.includes(backend)) throw new UnknownNameError('backend', backend, BACKEND_NAMES)
  if (backend === 'plan' || backend === 'auto') {
    if (denseLayers(topology, training.loss) !== undefined) return new PlanEngine(topology, training)
    if (backend === 'plan') {
      const layers = readTopology(topology).layers.map(({ class_name: name }) => name)
      const reason = `it knows dense layers only; the model has ${layers.join(', ')}. Use "auto".`
      throw new BackendUnavailableError(backend, reason)
    }
  }
  const { createTfjsEngine } = await import('./tfjs.js')
  return createTfjsEngine(init, backend)
}
