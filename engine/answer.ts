import type { Engine } from './engine.js'
import type { InferenceResult, InferenceWork } from './messages.js'
import type { PublishedModel } from './shared-model.js'

/** @param model - must not change until this is done */
export async function answer(
  engine: Engine,
  { parameters, statistics, round, version }: PublishedModel,
  { features, rows }: InferenceWork
): Promise<InferenceResult> {
  engine.statistics = statistics
  return { predictions: await engine.predict(parameters, features, rows), round, version }
}
