import { UnknownNameError } from '../learning/errors.js'
import type { Engine, EngineBackend, ModelTopology, TrainingSettings } from './engine.js'
import { BackendUnavailableError } from './errors.js'
import { fastestBackend, stepMs, type Candidate } from './fastest-backend.js'
import { checkTraining } from './optimizers.js'
import { isInstalled, requirePackage, type PackageLoader, type TfjsBackend } from './tfjs-library.js'

/** What may be asked for; `auto` picks the fastest that can train the model here. */
export const BACKEND_NAMES = ['auto', 'native', 'plan', 'wasm', 'cpu'] as const
export type BackendName = (typeof BACKEND_NAMES)[number]

export interface EngineInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** @default 'auto' */
  readonly backend?: BackendName
  /**
   * Give the same bits on every machine, as a simulation or a comparison of nodes needs: the plan rounds every product, and
   * `auto` passes over tfjs-node. Otherwise the plan multiplies and adds in one instruction where processor and Node have it
   * (relaxed SIMD): faster, but the last bits depend on the machine.
   *
   * @default false
   */
  readonly reproducible?: boolean
  /** Told in one line when `auto` had to take another backend than it would like, and why. */
  readonly onWarning?: (message: string) => void
}

/** What an engine is made with; tests hand in their own. */
export interface EngineComponents {
  /** Loads tfjs and its backends. */
  readonly load: PackageLoader
  /** Milliseconds, to time steps with. */
  readonly now: () => number
}

const COMPONENTS: EngineComponents = { load: requirePackage, now: () => performance.now() }

/** tfjs spends longer than this on a step before it computes anything: no need to load it to know who is faster. */
const QUICK_STEP_MS = 1
/** A package that is broken may also never answer. */
const OPEN_LIMIT_MS = 10_000

/**
 * An engine for a model.
 *
 * `auto` takes the compiled plan for models that it knows, else tfjs. Where tfjs-node is installed too, a few steps of the
 * model are timed on both, unless the plan's are so quick that tfjs cannot be quicker. tfjs is loaded only when it is needed.
 *
 * @throws InvalidModelError for a topology that is not known
 * @throws BackendUnavailableError when a backend asked for by name cannot run here or cannot train the model
 * @throws UnknownNameError for another backend name, and for a loss or an optimiser that nothing trains with
 * @throws InvalidParametersError for settings out of range
 */
export async function createEngine(init: EngineInit, components: EngineComponents = COMPONENTS): Promise<Engine> {
  const { topology, training, backend = 'auto' } = init
  if (!BACKEND_NAMES.includes(backend)) throw new UnknownNameError('backend', backend, BACKEND_NAMES)
  checkTraining(training)
  if (backend === 'native' || backend === 'wasm' || backend === 'cpu') return openTfjs(init, backend, components)
  const { planSteps } = await import('./plan/steps.js')
  const steps = planSteps(topology, training.loss)
  const unsupported = 'unsupported' in steps ? steps.unsupported : undefined
  if (backend === 'auto')
    return unsupported === undefined ? known(init, components) : unknown(init, unsupported, components)
  if (unsupported === undefined) return openPlan(init)
  throw new BackendUnavailableError(backend, `it cannot train ${unsupported}`, 'Use "auto".')
}

/** For a model that the plan knows. */
async function known(init: EngineInit, components: EngineComponents): Promise<Engine> {
  const { topology, training } = init
  const plan = candidate('plan', () => openPlan(init))
  if (!mayTakeNative(init, components)) return plan.open()
  const planMs = await stepMs(await plan.open(), { topology, training, now: components.now })
  if (planMs <= QUICK_STEP_MS) return plan.open()
  const onUnavailable = ({ backend }: Candidate, error: unknown): void => {
    init.onWarning?.(`${describe(backend, error)} Training goes on with "plan".`)
  }
  const fastest = await contest(init, [plan, tfjsCandidate(init, 'native', components)], components, onUnavailable)
  return (fastest ?? plan).open()
}

/** For a model that only tfjs can train. */
async function unknown(init: EngineInit, unsupported: string, components: EngineComponents): Promise<Engine> {
  const reasons = [`The compiled plan cannot train ${unsupported}.`]
  const backends: TfjsBackend[] = mayTakeNative(init, components) ? ['native', 'wasm'] : ['wasm']
  const candidates = backends.map(backend => tfjsCandidate(init, backend, components))
  const fastest = await contest(init, candidates, components, ({ backend }, error) => {
    reasons.push(describe(backend, error))
  })
  const backend = fastest?.backend ?? 'cpu'
  const slower = backend === 'cpu' ? ', which is tens to hundreds of times slower' : ''
  init.onWarning?.(`${reasons.join(' ')} Training goes on with "${backend}"${slower}.`)
  return (fastest ?? tfjsCandidate(init, 'cpu', components)).open()
}

function mayTakeNative({ reproducible }: EngineInit, { load }: EngineComponents): boolean {
  return reproducible !== true && isInstalled('native', load)
}

function contest(
  { topology, training }: EngineInit,
  candidates: readonly Candidate[],
  { now }: EngineComponents,
  onUnavailable: (candidate: Candidate, error: unknown) => void
): Promise<Candidate | undefined> {
  return fastestBackend(candidates, { topology, training, now, openLimitMs: OPEN_LIMIT_MS, onUnavailable })
}

function tfjsCandidate(init: EngineInit, backend: TfjsBackend, components: EngineComponents): Candidate {
  return candidate(backend, () => openTfjs(init, backend, components))
}

function candidate(backend: EngineBackend, open: () => Promise<Engine>): Candidate {
  return { backend, open }
}

/** The threads that train and infer load the plan; the one that talks starts sooner without it. */
async function openPlan({ topology, training, reproducible }: EngineInit): Promise<Engine> {
  const { PlanEngine } = await import('./plan/plan-engine.js')
  return new PlanEngine(topology, training, reproducible)
}

async function openTfjs(init: EngineInit, backend: TfjsBackend, { load }: EngineComponents): Promise<Engine> {
  const { openTfjsEngine } = await import('./tfjs.js')
  return openTfjsEngine(init, backend, load)
}

function describe(backend: EngineBackend, error: unknown): string {
  const reason = error instanceof BackendUnavailableError ? error.reason : (error as Error).message
  return `Backend "${backend}" is not available: ${reason}.`
}
