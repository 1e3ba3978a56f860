import { answer } from './answer.js'
import { EngineError } from './errors.js'
import type { InferenceInit, InferenceResult, InferenceWork } from './messages.js'
import { serve } from './serve.js'
import { ModelReader } from './shared-model.js'

await serve<InferenceInit, InferenceWork, InferenceResult>((engine, init) => {
  const reader = new ModelReader(init.model)
  return async work => {
    const model = reader.acquire()
    if (model === undefined) throw new EngineError('there is no model yet; publish one first')
    try {
      return await answer(engine, model, work)
    } finally {
      reader.release()
    }
  }
})
