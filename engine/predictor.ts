import type { BackendName } from './create-engine.js'
import type { ModelTopology, TrainingSettings } from './engine.js'
import { EngineThread } from './engine-thread.js'
import { EngineError } from './errors.js'
import type { InferenceInit, InferenceResult, InferenceWork } from './messages.js'
import { allocateSharedModel, ModelPublisher, type SharedModelMemory } from './shared-model.js'
import { modelLayout, statisticsSize } from './topology.js'

export interface PredictorInit {
  readonly topology: ModelTopology
  readonly training: TrainingSettings
  /** The one that the model is trained on. */
  readonly backend: BackendName
  readonly onWarning?: (message: string) => void
  /** Another worker script, for tests. @default inference-worker.js beside this file */
  readonly workerUrl?: URL
}

/**
 * The inference lane: answers from the model that was published last, in a worker thread of its own, so that a prediction
 * waits neither for a training step nor for an averaging. The worker starts with the first prediction: a node that is
 * never asked has none.
 */
export class Predictor {
  readonly #init: PredictorInit
  readonly #memory: SharedModelMemory
  readonly #publisher: ModelPublisher
  #thread: Promise<EngineThread<InferenceWork, InferenceResult>> | undefined
  #stopped = false

  constructor(init: PredictorInit) {
    this.#init = init
    this.#memory = allocateSharedModel(modelLayout(init.topology).size, statisticsSize(init.topology))
    this.#publisher = new ModelPublisher(this.#memory)
  }

  /**
   * Answer from this model from now on, once it is whole.
   *
   * @param parameters - copied before the call returns, as are `statistics`
   */
  publish(round: number, parameters: Float32Array, statistics: Float32Array): void {
    this.#publisher.publish(round, parameters, statistics)
  }

  /**
   * @param features - rows x input width, already scaled; copied before the worker reads it
   * @throws EngineError when nothing was published, the features do not fit, or the worker died; the next call starts another
   */
  async predict(features: Float32Array, rows: number): Promise<InferenceResult> {
    if (this.#stopped) throw new EngineError('the inference worker was stopped')
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

  /** End the worker at once; what is pending rejects with an EngineError. */
  async stop(): Promise<void> {
    this.#stopped = true
    const thread = await this.#thread?.catch(() => undefined)
    await thread?.stop()
  }

  #start(): Promise<EngineThread<InferenceWork, InferenceResult>> {
    const { topology, training, backend, onWarning = () => {} } = this.#init
    const workerData: InferenceInit = { topology, training, backend, model: this.#memory }
    const workerUrl = this.#init.workerUrl ?? new URL('./inference-worker.js', import.meta.url)
    return EngineThread.start({ name: 'inference', workerUrl, workerData, onWarning })
  }
}
