import { Worker } from 'node:worker_threads'
import type { EngineBackend } from './engine.js'
import { EngineError, UnusableEngineError } from './errors.js'
import type { Reply, Request, WorkerInit } from './messages.js'

// Data, parameters and kernel memory lie outside this heap; a small young generation keeps a thread small.
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8, stackSizeMb: 1 }

interface Pending<Result> {
  readonly resolve: (result: Result) => void
  readonly reject: (error: EngineError) => void
}

/** An engine in a worker thread. Requests are done one after another, in the order of the calls. */
export class EngineThread<Init extends WorkerInit, Work, Result> {
  readonly #name: string
  readonly #worker: Worker
  /** The worker's first word. */
  readonly #ready: Promise<void>
  readonly #pending = new Map<number, Pending<Result>>()
  #onWarning: (message: string) => void = () => {}
  #backend: EngineBackend | undefined
  #stateSize = 0
  #nextId = 0
  /** Why no request is taken any more. */
  #ended: EngineError | undefined

  /**
   * Start the worker, which loads its modules and waits for `open`.
   *
   * @param name - what it is for, as errors call it: "training"
   */
  constructor(name: string, workerUrl: URL) {
    this.#name = name
    this.#worker = new Worker(workerUrl, { resourceLimits: RESOURCE_LIMITS, execArgv: [] })
    this.#ready = this.#listen()
    this.#ready.catch(() => {}) // told to who opens it
  }

  /**
   * Have the worker make its engine, once.
   *
   * @param onWarning - told in one line when a slow backend had to be taken
   * @throws UnusableEngineError when the backend is not available, or cannot train the model
   * @throws EngineError when the worker dies
   */
  async open(init: Init, onWarning: (message: string) => void): Promise<void> {
    this.#onWarning = onWarning
    this.#worker.postMessage(init)
    await this.#ready
  }

  /** What its engine runs on. */
  get backend(): EngineBackend {
    return this.#backend!
  }

  /** Floats of optimiser state that its engine takes from the caller; 0 when it takes none. */
  get stateSize(): number {
    return this.#stateSize
  }

  /** Whether it was stopped, or died. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** @throws EngineError when the work cannot be done, or the thread ends before it is */
  ask(work: Work): Promise<Result> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage({ id, work } satisfies Request<Work>)
    })
  }

  /** End the worker at once; what is pending rejects with an EngineError. */
  async stop(): Promise<void> {
    this.#end(new EngineError(`the ${this.#name} worker was stopped`))
    await this.#worker.terminate()
  }

  /** Listen to the worker from now on; wait for its first word. */
  #listen(): Promise<void> {
    const name = this.#name
    return new Promise((resolve, reject) => {
      const end = (error: EngineError) => {
        this.#end(error)
        reject(error)
      }
      this.#worker.on('message', (reply: Reply<Result>) => {
        if (reply.kind === 'ready') {
          this.#backend = reply.backend
          this.#stateSize = reply.stateSize
          resolve()
        } else if (reply.kind === 'unusable') end(new UnusableEngineError(reply.message))
        else this.#receive(reply)
      })
      this.#worker.on('error', (cause: Error) => {
        end(new EngineError(`the ${name} worker crashed: ${cause.message}`, { cause }))
      })
      this.#worker.on('exit', code => {
        end(new EngineError(`the ${name} worker ended with code ${code}`))
      })
    })
  }

  #receive(reply: Extract<Reply<Result>, { kind: 'warning' | 'done' | 'failed' }>): void {
    if (reply.kind === 'warning') {
      this.#onWarning(reply.message)
      return
    }
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'done') pending?.resolve(reply.result)
    else pending?.reject(new EngineError(reply.message))
  }

  #end(error: EngineError): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}
