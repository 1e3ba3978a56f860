import { parentPort, workerData } from 'node:worker_threads'
import { createEngine } from './create-engine.js'
import type { Engine } from './engine.js'
import type { Reply, Request, WorkerInit, WorkResult } from './messages.js'
import { threadCpuMs } from './thread-time.js'

if (parentPort === null) throw new Error('engine/worker.js is a worker thread: start it through Trainer.create')
const port = parentPort
const { data, seed, ...init } = workerData as WorkerInit

function reply(message: Reply): void {
  port.postMessage(message)
}

async function perform(engine: Engine, request: Request): Promise<WorkResult> {
  const { kind, parameters } = request
  switch (kind) {
    case 'train': {
      const { firstStep, steps, state } = request
      return engine.train(parameters, data.train, { firstStep, steps, state, seed })
    }
    case 'evaluate':
      return engine.evaluate(parameters, data.test)
    case 'predict':
      return engine.predict(parameters, request.features, request.rows)
  }
}

async function answer(engine: Engine, request: Request): Promise<void> {
  const started = threadCpuMs()
  try {
    const result = await perform(engine, request)
    reply({ kind: 'done', id: request.id, result, cpuMs: threadCpuMs() - started })
  } catch (error) {
    reply({ kind: 'failed', id: request.id, message: (error as Error).message })
  }
}

try {
  const engine = await createEngine({ ...init, onWarning: message => reply({ kind: 'warning', message }) })
  let queue = Promise.resolve()
  port.on('message', (request: Request) => {
    queue = queue.then(() => answer(engine, request))
  })
  // Only the plan takes its state from the caller.
  const stateSize = engine.backend === 'plan' ? engine.stateSize : 0
  reply({ kind: 'ready', backend: engine.backend, stateSize })
} catch (error) {
  reply({ kind: 'unusable', message: (error as Error).message })
}
