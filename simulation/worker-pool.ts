import { EngineError, modelLayout, sharedFloats, type Evaluation } from '../engine/index.js'
import { PoolThread } from './pool-thread.js'
import type { Job, JobResult, PoolWorkerInit } from './worker-messages.js'
import type { Trained, TrainRequest, Work, Workforce } from './workforce.js'

export interface WorkerPoolInit extends PoolWorkerInit {
  /** Worker threads, each with one engine. Results do not depend on how many there are. */
  readonly workers: number
  /** Told in one line when a slow backend had to be taken. */
  readonly onWarning?: (message: string) => void
}

interface WorkerPoolParts {
  readonly threads: readonly PoolThread[]
  readonly backend: string
  /** By slot. */
  readonly requests: (Request | undefined)[]
  /** Set once: from then on nothing is done any more. */
  readonly failure: { error: EngineError | undefined }
  /** A vector for each request that is open, and one more. Memory that nobody writes to is none. */
  readonly slots: readonly Float32Array[]
  /** As in `Vectors`, by slot. */
  readonly offsets: readonly Float32Array[]
}

/** Memory for vectors that are worked on, or wait to be used. */
const slotBytes = 64 * 1024 * 1024
/** At least so many for each worker, however large a vector is. */
const slotsPerWorker = 4
const maxSlots = 2048
/** Jobs on so many parameters travel together, unless somebody waits for one. */
const parametersPerMessage = 400_000
const maxBatch = 64

const ignore = (): void => {}

/** Trains and evaluates in worker threads. Optimiser state is kept for each node. */
export class WorkerPool implements Workforce {
  readonly capacity: number
  readonly backend: string
  readonly #parts: WorkerPoolParts
  readonly #free: number[]
  readonly #batch: number

  private constructor(parts: WorkerPoolParts) {
    const { slots, backend } = parts
    this.#parts = parts
    this.backend = backend
    this.#free = [...slots.keys()].reverse()
    this.capacity = slots.length - 1
    this.#batch = Math.min(maxBatch, Math.max(1, Math.floor(parametersPerMessage / slots[0].length)))
  }

  /**
   * Start the workers and wait until their engines stand.
   *
   * @throws UnusableEngineError when the backend is not available, or cannot train the model for many nodes in turn
   * @throws EngineError when a worker dies
   */
  static async create({ workers, onWarning = ignore, ...init }: WorkerPoolInit): Promise<WorkerPool> {
    const { requests, failure, ...listeners } = listen()
    const start = (index: number): ReturnType<typeof PoolThread.start> =>
      PoolThread.start({ ...init, ...listeners, onWarning: index === 0 ? onWarning : ignore })
    const started = await Promise.allSettled(Array.from({ length: workers }, (_, index) => start(index)))
    const threads = started.flatMap(result => (result.status === 'fulfilled' ? result.value.thread : []))
    if (failure.error !== undefined) {
      await Promise.all(threads.map(thread => thread.stop()))
      throw failure.error
    }
    const [{ backend, stateSize }] = started.flatMap(result => (result.status === 'fulfilled' ? result.value : []))
    const { size } = modelLayout(init.topology)
    const capacity = Math.min(
      maxSlots,
      Math.max(slotsPerWorker * workers, Math.floor(slotBytes / (size * Float32Array.BYTES_PER_ELEMENT)))
    )
    // One more for the node whose time has come, which may not be among those that were foreseen.
    const slots = sharedFloats((capacity + 1) * size)
    const offsets = sharedFloats(slots.length)
    const states = sharedFloats(init.data.length * stateSize)
    for (const thread of threads) thread.share({ slots, offsets, states })
    const bySlot = (vectors: Float32Array): Float32Array[] =>
      Array.from({ length: capacity + 1 }, (_, slot) => vectors.subarray(slot * size, (slot + 1) * size))
    return new WorkerPool({ threads, backend, requests, failure, slots: bySlot(slots), offsets: bySlot(offsets) })
  }

  train({ node, parameters, firstStep, steps, offset }: TrainRequest): Work<Trained> {
    const slot = this.#fillSlot(parameters)
    const hasOffset = offset !== undefined
    if (hasOffset) this.#parts.offsets[slot].set(offset)
    const training = new Training(this.#parts.slots[slot], slot, this.#free)
    this.#open(training, { kind: 'train', slot, node, firstStep, steps, hasOffset }, this.#batch)
    return training
  }

  evaluate(node: number, parameters: Float32Array): Work<Evaluation> {
    const slot = this.#fillSlot(parameters)
    const evaluating = new Evaluating(slot, this.#free)
    this.#open(evaluating, { kind: 'evaluate', slot, node }, 1)
    return evaluating
  }

  flush(): void {
    for (const thread of this.#parts.threads) thread.flush()
  }

  async stop(): Promise<void> {
    this.#parts.failure.error ??= new EngineError('the workers were stopped')
    await Promise.all(this.#parts.threads.map(thread => thread.stop()))
  }

  #fillSlot(parameters: Float32Array): number {
    const slot = this.#free.pop()
    if (slot === undefined) throw new Error('more work was begun than there is room for')
    this.#parts.slots[slot].set(parameters)
    return slot
  }

  #open(request: Request, job: Job, batch: number): void {
    const { requests, failure } = this.#parts
    if (failure.error !== undefined) return request.failed(failure.error)
    requests[job.slot] = request
    this.#idlest().put(job, batch)
  }

  #idlest(): PoolThread {
    return this.#parts.threads.reduce((idlest, thread) => (thread.open < idlest.open ? thread : idlest))
  }
}

/** Passes on what threads tell. Made apart from the pool, for what listens lives as long as the threads, and the rows of all nodes need not. */
function listen() {
  const requests: (Request | undefined)[] = []
  const failure: { error: EngineError | undefined } = { error: undefined }
  return {
    requests,
    failure,
    onResult(slot: number, result: JobResult): void {
      const request = requests[slot]
      requests[slot] = undefined
      request?.ended(result)
    },
    onFailed(error: EngineError): void {
      failure.error ??= error
      for (const request of requests) request?.failed(failure.error)
    }
  }
}

/** What the pool tells of a job. */
interface Request {
  ended(result: JobResult): void
  failed(error: EngineError): void
}

/** Work under way in a worker, on the vector of a slot. A promise is made only for whoever waits. */
abstract class Pending<T> implements Work<T> {
  result: T | undefined
  readonly #slot: number
  readonly #free: number[]
  #error: EngineError | undefined
  #settle: (() => void) | undefined

  /** @param free - told of the slot in the end */
  constructor(slot: number, free: number[]) {
    this.#slot = slot
    this.#free = free
  }

  failed(error: EngineError): void {
    this.#error = error
    this.#settle?.()
  }

  done(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#settle = () => {
        if (this.#error !== undefined) reject(this.#error)
        else if (this.result !== undefined) resolve(this.result)
      }
      this.#settle()
    })
  }

  /** The slot is used no more. */
  release(): void {
    this.#free.push(this.#slot)
  }

  protected succeeded(result: T): void {
    this.result = result
    this.#settle?.()
  }
}

/** Local steps, and what they led to. One object, for there is one of these in each round of each node. */
class Training extends Pending<Trained> implements Trained, Request {
  loss = NaN
  readonly parameters: Float32Array

  /** @param parameters - the vector of the slot */
  constructor(parameters: Float32Array, slot: number, free: number[]) {
    super(slot, free)
    this.parameters = parameters
  }

  ended({ loss }: JobResult): void {
    this.loss = loss
    this.succeeded(this)
  }
}

class Evaluating extends Pending<Evaluation> implements Request {
  ended(result: JobResult): void {
    this.release()
    this.succeeded(result)
  }
}
