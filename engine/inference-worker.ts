import { workerData } from 'node:worker_threads'
import { EngineError } from './errors.js'
import type { InferenceInit, InferenceResult, InferenceWork } from './messages.js'
import { serve } from './serve.js'
import { ModelReader } from './shared-model.js'

const init = workerData as InferenceInit

await serve<InferenceWork, InferenceResult>(init, engine => {
  const reader = new ModelReader(init.model)
  return async ({ features, rows }) => {
    const model = reader.acquire()
    if (model === undefined) throw new EngineError('there is no model yet; publish one first')
    try {
      engine.statistics = model.statistics
      const predictions = await engine.predict(model.parameters, features, rows)
      return { predictions, round: model.round, version: model.version }
    } finally {
      reader.release()
    }
  }
})
