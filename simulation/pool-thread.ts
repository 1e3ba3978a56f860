import { Worker } from 'node:worker_threads'
import { EngineError, UnusableEngineError } from '../engine/index.js'
import type { FromWorker, Job, JobResult, PoolWorkerInit, ToWorker, Vectors } from './worker-messages.js'

export interface PoolThreadInit extends PoolWorkerInit {
  readonly onResult: (slot: number, result: JobResult) => void
  readonly onFailed: (error: EngineError) => void
  readonly onWarning: (message: string) => void
}

/** One worker thread of the pool, and what it has to do. */
export class PoolThread {
  readonly #worker: Worker
  #jobs: Job[] = []
  #open = 0

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /**
   * Start a worker and wait until its engine stands.
   *
   * @throws UnusableEngineError, EngineError
   */
  static async start(init: PoolThreadInit): Promise<{ thread: PoolThread; backend: string; stateSize: number }> {
    const { onResult, onFailed, onWarning, ...workerData } = init
    const worker = new Worker(new URL('./pool-worker.js', import.meta.url), { workerData, execArgv: [] })
    const thread = new PoolThread(worker)
    return new Promise((resolve, reject) => {
      const fail = (error: EngineError): void => {
        onFailed(error)
        reject(error)
      }
      worker.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'ready':
            return resolve({ thread, backend: message.backend, stateSize: message.stateSize })
          case 'warning':
            return onWarning(message.message)
          case 'unusable':
            return fail(new UnusableEngineError(message.message))
          case 'failed':
            return fail(new EngineError(message.message))
          case 'done':
            thread.#open -= message.results.length
            for (const { slot, result } of message.results) onResult(slot, result)
        }
      })
      worker.on('error', (cause: Error) => fail(new EngineError(`a worker crashed: ${cause.message}`, { cause })))
      worker.on('exit', code => fail(new EngineError(`a worker ended with code ${code}`)))
    })
  }

  /** Jobs that have not come back. */
  get open(): number {
    return this.#open
  }

  share(vectors: Vectors): void {
    this.#tell({ kind: 'vectors', vectors })
  }

  /** Jobs go out together, at most `batch` of them: each message costs both sides as much as a small step. */
  put(job: Job, batch: number): void {
    this.#jobs.push(job)
    this.#open++
    if (this.#jobs.length >= batch) this.flush()
  }

  flush(): void {
    if (this.#jobs.length === 0) return
    this.#tell({ kind: 'jobs', jobs: this.#jobs })
    this.#jobs = []
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}
