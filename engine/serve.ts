import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
// Nearly every model is computed by it: it is loaded before there is one.
import './plan/plan-engine.js'
import { createEngine } from './create-engine.js'
import type { Engine } from './engine.js'
import type { Reply, Request, WorkerInit } from './messages.js'

/**
 * Be a worker of the engine: make the one that is asked for, say so, and answer requests one after another, in their order.
 *
 * @param prepare - takes the engine, once; what it returns performs a request
 */
export async function serve<Init extends WorkerInit, Work, Result>(
  prepare: (engine: Engine, init: Init) => (work: Work) => Promise<Result>
): Promise<void> {
  if (parentPort === null) throw new Error('this module is a worker thread: start it through EngineThread')
  const port = parentPort
  const reply = (message: Reply<Result>): void => port.postMessage(message)
  const [init] = (await once(port, 'message')) as [Init]
  const { topology, training, backend, reproducible } = init
  try {
    const onWarning = (message: string): void => reply({ kind: 'warning', message })
    const engine = await createEngine({ topology, training, backend, reproducible, onWarning })
    const perform = prepare(engine, init)
    let queue = Promise.resolve()
    port.on('message', ({ id, work }: Request<Work>) => {
      queue = queue
        .then(() => perform(work))
        .then(
          result => reply({ kind: 'done', id, result }),
          (error: unknown) => reply({ kind: 'failed', id, message: (error as Error).message })
        )
    })
    // Only the plan takes its state from the caller.
    const stateSize = engine.backend === 'plan' ? engine.stateSize : 0
    reply({ kind: 'ready', backend: engine.backend, stateSize })
  } catch (error) {
    reply({ kind: 'unusable', message: (error as Error).message })
  }
}
