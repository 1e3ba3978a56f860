import type { TrainingInit, TrainingResult, TrainingWork } from './messages.js'
import { serve } from './serve.js'
import { stepBack } from './thread-priority.js'
import { threadCpuMs } from './thread-time.js'

stepBack()

await serve<TrainingInit, TrainingWork, TrainingResult>((engine, { data, seed, statistics, resumed }) => {
  if (resumed) engine.statistics = statistics
  else statistics.set(engine.statistics)
  return async work => {
    const started = threadCpuMs()
    const result = await perform(work)
    return { ...result, cpuMs: threadCpuMs() - started }
  }

  async function perform(work: TrainingWork): Promise<{ loss: number }> {
    if (work.kind === 'evaluate') return engine.evaluate(work.parameters, data.test)
    const result = await engine.train(work.parameters, data.train, { ...work, seed })
    statistics.set(engine.statistics)
    return result
  }
})
