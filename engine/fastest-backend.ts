import type { Dataset } from '../data/dataset.js'
import { elementCount } from '../learning/parameters.js'
import { createRng } from '../learning/rng.js'
import type { Engine, EngineBackend, ModelTopology, TrainingSettings } from './engine.js'
import { EngineError } from './errors.js'
import { initialParameters, readTopology } from './topology.js'

/** The first steps also compile and allocate. */
const WARM_UP_STEPS = 2
const TIMED_STEPS = 3

/** A way to an engine that may not be there. */
export interface Candidate {
  readonly backend: EngineBackend
  /** @throws whatever is wrong with it */
  open(): Promise<Engine>
}

export interface Contest {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** A candidate that takes longer than this to open is not there. */
  readonly openLimitMs: number
  /** Told why a candidate cannot be taken. */
  readonly onUnavailable: (candidate: Candidate, error: unknown) => void
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Time a few steps of the real model on each candidate that can be opened.
 *
 * The rows are made up, and the engines that were timed are thrown away: nothing of this is left in training.
 *
 * @returns the fastest, or undefined when none can be opened
 */
export async function fastestBackend(
  candidates: readonly Candidate[],
  contest: Contest
): Promise<Candidate | undefined> {
  let best: { readonly candidate: Candidate; readonly ms: number } | undefined
  for (const candidate of candidates) {
    try {
      const engine = await withinLimit(candidate.open(), contest.openLimitMs)
      const ms = await stepMs(engine, contest).finally(() => engine.dispose())
      if (best === undefined || ms < best.ms) best = { candidate, ms }
    } catch (error) {
      contest.onUnavailable(candidate, error)
    }
  }
  return best?.candidate
}

/** Milliseconds of a training step: the shortest of a few. */
export async function stepMs(
  engine: Engine,
  { topology, training, now }: Pick<Contest, 'topology' | 'training' | 'now'>
): Promise<number> {
  const data = madeUpBatch(topology, training.batchSize)
  const parameters = initialParameters(topology, 'timing')
  let shortest = Infinity
  for (let step = 0; step < WARM_UP_STEPS + TIMED_STEPS; step++) {
    const started = now()
    await engine.train(parameters, data, { firstStep: step, steps: 1, seed: 0 })
    if (step >= WARM_UP_STEPS) shortest = Math.min(shortest, now() - started)
  }
  return shortest
}

function madeUpBatch(topology: ModelTopology, rows: number): Dataset {
  const { inputShape } = readTopology(topology)
  const rng = createRng('timing')
  const features = Float32Array.from({ length: rows * elementCount(inputShape) }, () => rng.uniform())
  return { rows, inputShape, features, scale: 1, labels: new Float32Array(rows) }
}

/** What comes too late is disposed of. */
async function withinLimit(opening: Promise<Engine>, limitMs: number): Promise<Engine> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      opening.then(engine => engine.dispose()).catch(() => {})
      reject(new EngineError(`it did not start within ${limitMs / 1000} s`))
    }, limitMs)
  })
  try {
    return await Promise.race([opening, limit])
  } finally {
    clearTimeout(timer)
  }
}
