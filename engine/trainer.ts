import { Worker } from 'node:worker_threads'
import type { DataSplit } from '../data/dataset.js'
import type { BackendName } from './create-engine.js'
import type { Evaluation, ModelTopology, TrainingSettings } from './engine.js'
import { EngineError, UnusableEngineError } from './errors.js'
import type { Reply, Work, WorkerInit, WorkResult } from './messages.js'

export interface TrainerInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** Arrays backed by a SharedArrayBuffer are shared with the worker, others copied once. */
  readonly data: DataSplit
  /** Decides the order of the rows. */
  readonly seed: number
  /** @default 'auto' */
  readonly backend?: BackendName
  /** Told in one line when a slow backend had to be taken. */
  readonly onWarning?: (message: string) => void
  /** Another worker script, for tests. @default worker.js beside this file */
  readonly workerUrl?: URL
}

/** CPU time that a request took on the worker's thread. */
export interface CpuTime {
  readonly cpuMs: number
}

// Data, parameters and kernel memory lie outside this heap; a small young generation keeps a thread small.
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8, stackSizeMb: 1 }

interface Pending {
  readonly resolve: (value: { result: WorkResult; cpuMs: number }) => void
  readonly reject: (error: EngineError) => void
}

/**
 * Trains, evaluates and predicts in a worker thread, so that the caller's event loop stays free. Requests are done one
 * after another, in the order of the calls.
 */
export class Trainer {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  /** Shared buffers for parameters, free to be filled. */
  readonly #spare: Float32Array[] = []
  readonly #onWarning: (message: string) => void
  #backend = ''
  #stateSize = 0
  #nextId = 0
  /** Why no request is taken any more. */
  #ended: EngineError | undefined

  private constructor(worker: Worker, onWarning: (message: string) => void) {
    this.#worker = worker
    this.#onWarning = onWarning
  }

  /**
   * Start the worker and wait until its engine stands.
   *
   * @throws UnusableEngineError when the backend is not available, or cannot train the model
   * @throws EngineError when the worker dies
   */
  static async create(init: TrainerInit): Promise<Trainer> {
    const { topology, training, data, seed, backend = 'auto', workerUrl, onWarning = () => {} } = init
    const worker = new Worker(workerUrl ?? new URL('./worker.js', import.meta.url), {
      workerData: { topology, training, data, seed, backend } satisfies WorkerInit,
      resourceLimits: RESOURCE_LIMITS,
      execArgv: []
    })
    const trainer = new Trainer(worker, onWarning)
    await trainer.#ready()
    return trainer
  }

  /** `plan`, `native`, `wasm` or `cpu`. */
  get backend(): string {
    return this.#backend
  }

  /** Floats of optimiser state that the caller may keep; 0 when the optimiser has none or the backend keeps it to itself. */
  get stateSize(): number {
    return this.#stateSize
  }

  /**
   * Run optimiser steps, changing `work`, as `Engine.train` does.
   *
   * @param work - parameters, backed by a SharedArrayBuffer; the worker's until the promise settles
   * @param options - `state`: optimiser state of length `stateSize`, likewise shared, changed. @default the worker's own
   * @returns mean loss over the steps
   * @throws EngineError
   */
  async train(
    work: Float32Array,
    options: { readonly firstStep: number; readonly steps: number; readonly state?: Float32Array }
  ): Promise<{ loss: number } & CpuTime> {
    for (const vector of [work, options.state ?? work]) {
      if (vector.buffer instanceof SharedArrayBuffer) continue
      throw new EngineError('the parameters to train are not shared with the worker; back them by a SharedArrayBuffer')
    }
    const { result, cpuMs } = await this.#ask({ kind: 'train', parameters: work, ...options })
    return { ...(result as { loss: number }), cpuMs }
  }

  /**
   * Figures over the test rows.
   *
   * @param parameters - copied before the call returns
   * @throws EngineError
   */
  async evaluate(parameters: Float32Array): Promise<Evaluation & CpuTime> {
    const { result, cpuMs } = await this.#withCopy(parameters, copy =>
      this.#ask({ kind: 'evaluate', parameters: copy })
    )
    return { ...(result as Evaluation), cpuMs }
  }

  /**
   * @param parameters - copied before the call returns, as is `features`
   * @param features - rows x input width, already scaled
   * @returns rows x output width, as `Engine.predict`
   * @throws EngineError
   */
  async predict(
    parameters: Float32Array,
    features: Float32Array,
    rows: number
  ): Promise<{ predictions: Float32Array } & CpuTime> {
    const { result, cpuMs } = await this.#withCopy(parameters, copy =>
      this.#ask({ kind: 'predict', parameters: copy, features, rows })
    )
    return { predictions: result as Float32Array, cpuMs }
  }

  /** End the worker at once; what is pending rejects with an EngineError. */
  async stop(): Promise<void> {
    this.#end(new EngineError('the trainer was stopped'))
    await this.#worker.terminate()
  }

  /** Listen to the worker from now on; wait for its first word. */
  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: EngineError) => {
        this.#end(error)
        reject(error)
      }
      this.#worker.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') {
          this.#backend = reply.backend
          this.#stateSize = reply.stateSize
          resolve()
        } else if (reply.kind === 'unusable') end(new UnusableEngineError(reply.message))
        else this.#receive(reply)
      })
      this.#worker.on('error', (cause: Error) => {
        end(new EngineError(`the training worker crashed: ${cause.message}`, { cause }))
      })
      this.#worker.on('exit', code => {
        end(new EngineError(`the training worker ended with code ${code}`))
      })
    })
  }

  async #withCopy<T>(parameters: Float32Array, use: (copy: Float32Array) => Promise<T>): Promise<T> {
    const copy = this.#spare.find(({ length }) => length === parameters.length) ?? sharedFloats(parameters.length)
    const index = this.#spare.indexOf(copy)
    if (index >= 0) this.#spare.splice(index, 1)
    copy.set(parameters)
    try {
      return await use(copy)
    } finally {
      this.#spare.push(copy)
    }
  }

  #ask(work: Work): Promise<{ result: WorkResult; cpuMs: number }> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage({ ...work, id })
    })
  }

  #receive(reply: Extract<Reply, { kind: 'warning' | 'done' | 'failed' }>): void {
    if (reply.kind === 'warning') {
      this.#onWarning(reply.message)
      return
    }
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'done') pending?.resolve(reply)
    else pending?.reject(new EngineError(reply.message))
  }

  #end(error: EngineError): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}

/** Zeros backed by a SharedArrayBuffer, as `Trainer.train` needs its parameters. */
export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT))
}
