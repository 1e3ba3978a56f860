import type { DataSplit } from '../data/dataset.js'
import { checkLength } from './checks.js'
import type { BackendName } from './create-engine.js'
import type { EngineBackend, Evaluation, ModelTopology, TrainingSettings, TrainOptions } from './engine.js'
import { EngineThread } from './engine-thread.js'
import { EngineError } from './errors.js'
import type { CpuTime, TrainingInit, TrainingResult, TrainingWork } from './messages.js'
import { sharedFloats } from './shared-floats.js'
import { modelLayout, statisticsSize } from './topology.js'

export interface TrainerInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** Arrays backed by a SharedArrayBuffer are shared with the worker, others copied once. */
  readonly data: DataSplit
  /** Decides the order of the rows. */
  readonly seed: number
  /** `Engine.statistics` to begin with, as `Trainer.statistics` was when training ended. @default those of a new model */
  readonly statistics?: Float32Array
  /** @default 'auto' */
  readonly backend?: BackendName
  /** As in `EngineInit`. @default false */
  readonly reproducible?: boolean
  /** Told in one line when a slow backend had to be taken. */
  readonly onWarning?: (message: string) => void
  /** Started already; the trainer's from now on. @default a new one */
  readonly thread?: TrainingThread
}

export type TrainingThread = EngineThread<TrainingInit, TrainingWork, TrainingResult>

/** @param workerUrl - another script, for tests. @default training-worker.js beside this file */
export function startTrainingThread(workerUrl = new URL('./training-worker.js', import.meta.url)): TrainingThread {
  return new EngineThread('training', workerUrl)
}

/**
 * The training lane: trains and evaluates in a worker thread, so that the caller's event loop stays free. Requests are done
 * one after another, in the order of the calls.
 */
export class Trainer {
  readonly #thread: TrainingThread
  readonly #size: number
  /** Shared buffers for parameters, free to be filled. */
  readonly #spare: Float32Array[] = []
  /** `Engine.statistics` after the last training that has ended. Empty without batch normalisation. */
  readonly statistics: Float32Array

  private constructor(thread: TrainingThread, size: number, statistics: Float32Array) {
    this.#thread = thread
    this.#size = size
    this.statistics = statistics
  }

  /**
   * Wait until the worker's engine stands.
   *
   * @throws InvalidModelError for a topology that is not known
   * @throws EngineError when `statistics` are not those of the model
   * @throws UnusableEngineError when the backend is not available, or cannot train the model
   * @throws EngineError when the worker dies
   */
  static async create(init: TrainerInit): Promise<Trainer> {
    const { topology, training, data, seed, backend = 'auto', reproducible, onWarning = () => {} } = init
    const statistics = sharedFloats(statisticsSize(topology))
    const resumed = init.statistics !== undefined
    if (resumed) {
      checkLength('statistics', init.statistics, statistics.length)
      statistics.set(init.statistics)
    }
    const thread = init.thread ?? startTrainingThread()
    await thread.open({ topology, training, data, seed, backend, reproducible, statistics, resumed }, onWarning)
    return new Trainer(thread, modelLayout(topology).size, statistics)
  }

  get backend(): EngineBackend {
    return this.#thread.backend
  }

  /** Floats of optimiser state that the caller may keep; 0 when the optimiser has none or the backend keeps it to itself. */
  get stateSize(): number {
    return this.#thread.stateSize
  }

  /**
   * Run optimiser steps, changing `work`, as `Engine.train` does.
   *
   * @param work - parameters, backed by a SharedArrayBuffer; the worker's until the promise settles
   * @param options - `state`: optimiser state of length `stateSize`, likewise shared, changed. @default the worker's own;
   *   `offset`: likewise shared, must not change meanwhile
   * @returns mean loss over the steps
   * @throws EngineError
   */
  async train(work: Float32Array, options: Omit<TrainOptions, 'seed'>): Promise<{ loss: number } & CpuTime> {
    for (const vector of [work, options.state ?? work, options.offset ?? work]) {
      if (vector.buffer instanceof SharedArrayBuffer) continue
      throw new EngineError('the parameters to train are not shared with the worker; back them by a SharedArrayBuffer')
    }
    return this.#thread.ask({ kind: 'train', parameters: work, ...options })
  }

  /**
   * Figures over the test rows.
   *
   * @param parameters - copied before the call returns
   * @throws EngineError
   */
  async evaluate(parameters: Float32Array): Promise<Evaluation & CpuTime> {
    checkLength('parameters', parameters, this.#size)
    const copy = this.#spare.pop() ?? sharedFloats(this.#size)
    copy.set(parameters)
    try {
      return await this.#thread.ask({ kind: 'evaluate', parameters: copy })
    } finally {
      this.#spare.push(copy)
    }
  }

  /** End the worker at once; what is pending rejects with an EngineError. */
  async stop(): Promise<void> {
    await this.#thread.stop()
  }
}
