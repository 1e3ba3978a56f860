import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allocateSharedModel, ModelPublisher, ModelReader } from '../../engine/shared-model.js'
import { within } from '../helpers/within.js'

const sharedModel = suite('shared model')

sharedModel('hands out the model that was published last, and none before the first', () => {
  const memory = allocateSharedModel(2, 1)
  const [publisher, reader] = [new ModelPublisher(memory), new ModelReader(memory)]
  assert.is(reader.acquire(), undefined)
  for (const round of [7, 9]) publisher.publish(round, Float32Array.of(round, -round), Float32Array.of(round / 2))
  const { version, round, parameters, statistics } = reader.acquire()!
  assert.equal([version, round, ...parameters, ...statistics], [2, 9, 9, -9, 4.5])
})

sharedModel('leaves a model that is being read alone, however many are published meanwhile', () => {
  const memory = allocateSharedModel(1, 0)
  const [publisher, reader] = [new ModelPublisher(memory), new ModelReader(memory)]
  const publish = (round: number) => publisher.publish(round, Float32Array.of(round), new Float32Array(0))
  publish(1)
  const held = reader.acquire()!
  for (let round = 2; round <= 10; round++) {
    publish(round)
    assert.is(held.parameters[0], 1, `while round ${round} is published`)
  }
  reader.release()
  assert.is(reader.acquire()!.parameters[0], 10)
})

sharedModel('never shows a reader on another thread a model that is half another', async () => {
  const memory = allocateSharedModel(4096, 64)
  const worker = new Worker(new URL('./model-checker.js', import.meta.url), { workerData: memory, execArgv: [] })
  try {
    const publisher = new ModelPublisher(memory)
    const [parameters, statistics] = [new Float32Array(4096), new Float32Array(64)]
    await within(once(worker, 'online'), 10_000, 'the reader')
    const seen = once(worker, 'message')
    const publishing = setInterval(() => {
      for (let i = 0; i < 1000; i++) publisher.publish(++version, parameters.fill(version), statistics.fill(version))
    })
    let version = 0
    try {
      assert.equal(await within(seen, 60_000, 'enough versions'), [null])
    } finally {
      clearInterval(publishing)
    }
  } finally {
    await worker.terminate()
  }
})

sharedModel.run()
