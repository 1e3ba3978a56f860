import { parentPort, workerData } from 'node:worker_threads'
import { createEngine, modelLayout, type Engine } from '../engine/index.js'
import type { FromWorker, Job, JobResult, PoolWorkerInit, ToWorker, Vectors } from './worker-messages.js'

if (parentPort === null) throw new Error('simulation/pool-worker.js is a worker thread: start it through WorkerPool')
const port = parentPort
const { data, seeds, ...init } = workerData as PoolWorkerInit
const { size } = modelLayout(init.topology)

function reply(message: FromWorker): void {
  port.postMessage(message)
}

async function perform(engine: Engine, { slots, offsets, states }: Vectors, job: Job): Promise<JobResult> {
  const { slot, node } = job
  const inSlot = (vectors: Float32Array): Float32Array => vectors.subarray(slot * size, (slot + 1) * size)
  const parameters = inSlot(slots)
  if (job.kind === 'evaluate') return engine.evaluate(parameters, data[node].test)
  const { firstStep, steps, hasOffset } = job
  const { stateSize } = engine
  // An engine without state has nothing to hand from node to node, and need not know how.
  const state = stateSize === 0 ? undefined : states.subarray(node * stateSize, (node + 1) * stateSize)
  const offset = hasOffset ? inSlot(offsets) : undefined
  return engine.train(parameters, data[node].train, { firstStep, steps, seed: seeds[node], state, offset })
}

async function performAll(engine: Engine, vectors: Vectors, jobs: readonly Job[]): Promise<void> {
  const results: { slot: number; result: JobResult }[] = []
  for (const job of jobs) results.push({ slot: job.slot, result: await perform(engine, vectors, job) })
  reply({ kind: 'done', results })
}

try {
  const engine = await createEngine({
    ...init,
    reproducible: true,
    onWarning: message => reply({ kind: 'warning', message })
  })
  let vectors: Vectors
  let queue = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'vectors') {
      vectors = message.vectors
      return
    }
    queue = queue
      .then(() => performAll(engine, vectors, message.jobs))
      .catch((error: unknown) => reply({ kind: 'failed', message: (error as Error).message }))
  })
  reply({ kind: 'ready', backend: engine.backend, stateSize: engine.stateSize })
} catch (error) {
  reply({ kind: 'unusable', message: (error as Error).message })
}
