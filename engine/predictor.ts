import { answer } from './answer.js'
import type { EngineBackend, ModelTopology, TrainingSettings } from './engine.js'
import { EngineThread } from './engine-thread.js'
import { EngineError } from './errors.js'
import type { InferenceInit, InferenceResult, InferenceWork } from './messages.js'
import type { PlanEngine } from './plan/plan-engine.js'
import { allocateSharedModel, ModelPublisher, type SharedModelMemory } from './shared-model.js'
import { forwardOperations, modelLayout, statisticsSize } from './topology.js'

export interface PredictorInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** The one that the model is trained on. */
  readonly backend: EngineBackend
  /** As in `EngineInit`. @default false */
  readonly reproducible?: boolean
  readonly onWarning?: (message: string) => void
  /** Another worker script, for tests. @default inference-worker.js beside this file */
  readonly workerUrl?: URL
}

type InferenceThread = EngineThread<InferenceInit, InferenceWork, InferenceResult>

/**
 * Multiply-adds of a prediction that is made on the caller's thread: at most about 0.3 ms. Waking another thread and being
 * woken by it takes as long where the processors sleep meanwhile (0.1 to 0.2 ms on a virtual machine).
 */
const MOST_OPERATIONS_HERE = 2 ** 22

/**
 * The inference lane: answers from the model that was published last. A prediction waits neither for a training step nor for
 * an averaging: what takes longer than telling another thread is done in a worker of its own, the rest at once, on the
 * caller's thread. Engine and worker are made for the first prediction that needs them.
 */
export class Predictor {
  readonly #init: PredictorInit
  readonly #memory: SharedModelMemory
  readonly #publisher: ModelPublisher
  readonly #operations: number
  #here: PlanEngine | undefined
  #thread: Promise<InferenceThread> | undefined
  #stopped = false

  constructor(init: PredictorInit) {
    this.#init = init
    this.#memory = allocateSharedModel(modelLayout(init.topology).size, statisticsSize(init.topology))
    this.#publisher = new ModelPublisher(this.#memory)
    this.#operations = forwardOperations(init.topology)
  }

  /**
   * Answer from this model from now on, once it is whole.
   *
   * @param parameters - copied before the call returns, as are `statistics`
   * @returns the version that its answers carry
   */
  publish(round: number, parameters: Float32Array, statistics: Float32Array): number {
    return this.#publisher.publish(round, parameters, statistics)
  }

  /**
   * @param features - rows x input width, already scaled; copied before the call returns
   * @throws EngineError when nothing was published, the features do not fit, or the worker died; the next call starts another
   */
  async predict(features: Float32Array, rows: number): Promise<InferenceResult> {
    if (this.#stopped) throw new EngineError('the inference lane was stopped')
    const isSmall = this.#init.backend === 'plan' && rows * this.#operations <= MOST_OPERATIONS_HERE
    return isSmall ? this.#answerHere(features, rows) : this.#askWorker(features, rows)
  }

  /** End the worker at once; what is pending rejects with an EngineError. */
  async stop(): Promise<void> {
    this.#stopped = true
    const thread = await this.#thread?.catch(() => undefined)
    await thread?.stop()
  }

  async #answerHere(features: Float32Array, rows: number): Promise<InferenceResult> {
    let model = this.#publisher.latest
    if (model === undefined) throw new EngineError('there is no model yet; publish one first')
    if (this.#here === undefined) {
      // Neither may change while the plan loads.
      features = features.slice()
      model = { ...model, parameters: model.parameters.slice(), statistics: model.statistics.slice() }
      this.#here = await this.#openHere()
    }
    // The plan has taken its copy of the model when the call returns: nothing that is published later can change it.
    return answer(this.#here, model, { features, rows })
  }

  async #openHere(): Promise<PlanEngine> {
    const { PlanEngine } = await import('./plan/plan-engine.js')
    const { topology, training, reproducible } = this.#init
    return new PlanEngine(topology, training, reproducible)
  }

  async #askWorker(features: Float32Array, rows: number): Promise<InferenceResult> {
    const starting = (this.#thread ??= this.#start())
    try {
      const thread = await starting
      return await thread.ask({ features, rows })
    } catch (error) {
      const thread = await starting.catch(() => undefined)
      if (this.#thread === starting && thread?.ended !== false) this.#thread = undefined
      throw error
    }
  }

  async #start(): Promise<InferenceThread> {
    const { topology, training, backend, reproducible, onWarning = () => {} } = this.#init
    const workerUrl = this.#init.workerUrl ?? new URL('./inference-worker.js', import.meta.url)
    const thread: InferenceThread = new EngineThread('inference', workerUrl)
    await thread.open({ topology, training, backend, reproducible, model: this.#memory }, onWarning)
    return thread
  }
}
