import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import { EngineError, UnusableEngineError } from '../../engine/errors.js'
import { buildModel } from '../../engine/models.js'
import { initialParameters } from '../../engine/topology.js'
import { sharedFloats } from '../../engine/shared-floats.js'
import { startTrainingThread, Trainer } from '../../engine/trainer.js'
import { close } from '../helpers/close.js'
import { within } from '../helpers/within.js'
import { CLASSIFY, CONVOLUTIONAL, PENALISED, randomDataset, rejection } from './fixtures.js'

const trainer = suite('trainer')
const topology = buildModel('mlp:9', [6], 3, CLASSIFY.loss)
const data = { train: randomDataset(64, 6, 3, 1), test: randomDataset(40, 6, 3, 2) }
const init = { topology, training: CLASSIFY, data, seed: 5 }

function start(): Float32Array {
  const parameters = sharedFloats(initialParameters(topology, 1).length)
  parameters.set(initialParameters(topology, 1))
  return parameters
}

/** A trainer for the time of one test. */
async function withTrainer(use: (trainer: Trainer) => Promise<void>, workerUrl?: URL): Promise<void> {
  const created = await within(
    Trainer.create({ ...init, thread: startTrainingThread(workerUrl) }),
    10_000,
    'the worker'
  )
  try {
    await use(created)
  } finally {
    await created.stop()
  }
}

/** A worker that says it is ready and then runs `body` at the first request. */
function fakeWorker(body: string): URL {
  const source = `import { parentPort } from 'node:worker_threads'
    parentPort.once('message', () => {
      parentPort.once('message', () => { ${body} })
      parentPort.postMessage({ kind: 'ready', backend: 'plan' })
    })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

trainer('trains and evaluates as an engine on this thread does', () =>
  withTrainer(async remote => {
    const local = await createEngine({ topology, training: CLASSIFY })
    const [ours, theirs] = [start(), start()]
    const options = { firstStep: 3, steps: 10 }
    const expected = await local.train(theirs, data.train, { ...options, seed: 5 })
    const trained = await within(remote.train(ours, options), 5_000, 'training')
    assert.is(remote.backend, local.backend)
    assert.is(trained.loss, expected.loss)
    assert.ok(trained.cpuMs >= 0)
    close(ours, theirs, 0, 'parameters')

    const { cpuMs, ...evaluation } = await within(remote.evaluate(ours), 5_000, 'evaluation')
    assert.ok(cpuMs >= 0)
    assert.equal(evaluation, await local.evaluate(theirs, data.test))
  })
)

trainer('takes to the worker whether the same bits on every machine are asked for', async () => {
  const options = { firstStep: 0, steps: 10 }
  for (const reproducible of [true, false]) {
    const [expected, other, ours] = [start(), start(), start()]
    const local = await createEngine({ topology, training: CLASSIFY, reproducible })
    await local.train(expected, data.train, { ...options, seed: 5 })
    const unlike = await createEngine({ topology, training: CLASSIFY, reproducible: !reproducible })
    await unlike.train(other, data.train, { ...options, seed: 5 })
    const remote = await within(Trainer.create({ ...init, reproducible }), 10_000, 'the worker')
    try {
      await within(remote.train(ours, options), 5_000, 'training')
    } finally {
      await remote.stop()
    }
    close(ours, expected, 0, `parameters, ${reproducible}`)
    close(ours, other, 1e-5, `parameters against the other way, ${reproducible}`)
  }
})

trainer('does requests in order, with the parameters as they were at each call', () =>
  withTrainer(async remote => {
    const parameters = start()
    const initial = parameters.slice()
    const before = remote.evaluate(parameters)
    parameters.fill(0)
    const zeros = remote.evaluate(parameters)
    parameters.fill(1)
    const [first, second] = await within(Promise.all([before, zeros]), 5_000, 'two evaluations')
    const local = await createEngine({ topology, training: CLASSIFY })
    assert.is(first.loss, (await local.evaluate(initial, data.test)).loss)
    assert.is(second.loss, (await local.evaluate(new Float32Array(initial.length), data.test)).loss)
  })
)

trainer('tells the moving statistics, which start at mean 0 and variance 1', async () => {
  const images = { ...randomDataset(20, 36, 2), inputShape: [6, 6, 1] }
  const split = { train: images, test: images }
  const remote = await within(Trainer.create({ ...init, topology: CONVOLUTIONAL, data: split }), 10_000, 'the worker')
  try {
    assert.equal([...remote.statistics], [0, 0, 0, 1, 1, 1])
    const local = await createEngine({ topology: CONVOLUTIONAL, training: CLASSIFY })
    const [ours, theirs] = [0, 1].map(() => {
      const parameters = initialParameters(CONVOLUTIONAL, 1)
      const shared = sharedFloats(parameters.length)
      shared.set(parameters)
      return shared
    })
    await within(remote.train(ours, { firstStep: 0, steps: 3 }), 5_000, 'training')
    await local.train(theirs, images, { firstStep: 0, steps: 3, seed: 5 })
    close(remote.statistics, local.statistics, 0, 'statistics')
    assert.ok(remote.statistics.some(value => value !== 0 && value !== 1))
  } finally {
    await remote.stop()
  }
})

trainer('refuses what the engine refuses, and goes on', () =>
  withTrainer(async remote => {
    const error = await rejection(within(remote.evaluate(new Float32Array(3)), 5_000, 'a refusal'))
    assert.instance(error, EngineError)
    assert.match(error.message, /3 numbers given/)
    assert.instance(await rejection(remote.train(new Float32Array(3), { firstStep: 0, steps: 1 })), EngineError)
    await within(remote.evaluate(start()), 5_000, 'an evaluation')
  })
)

trainer('says why it cannot be made', async () => {
  const create = Trainer.create({ ...init, topology: PENALISED, backend: 'plan' })
  const error = await rejection(within(create, 10_000, 'a refusal'))
  assert.instance(error, UnusableEngineError)
  assert.match(error.message, /layer "layer_0" \(Conv2D\)/)
})

trainer('tells of a worker that died before anything was asked of it', async () => {
  const thread = startTrainingThread(new URL('data:text/javascript,throw new Error("boom")'))
  const died = async (): Promise<void> => {
    while (!thread.ended) await new Promise(resolve => setImmediate(resolve))
  }
  await within(died(), 5_000, 'the crash')
  const error = await rejection(within(Trainer.create({ ...init, thread }), 5_000, 'a refusal'))
  assert.instance(error, EngineError)
  assert.match(error.message, /training worker crashed: boom/)
})

trainer('rejects what is pending, and later calls, when the worker crashes', () =>
  withTrainer(async remote => {
    const calls = [remote.evaluate(start()), remote.train(start(), { firstStep: 0, steps: 1 })]
    for (const call of calls) {
      const error = await rejection(within(call, 5_000, 'the crash'))
      assert.instance(error, EngineError)
      assert.match(error.message, /crashed: boom/)
    }
    assert.match((await rejection(remote.evaluate(start()))).message, /crashed: boom/)
  }, fakeWorker('throw new Error("boom")'))
)

trainer('rejects what is pending when the worker ends by itself', () =>
  withTrainer(async remote => {
    const error = await rejection(within(remote.evaluate(start()), 5_000, 'the end'))
    assert.match(error.message, /ended with code 7/)
  }, fakeWorker('process.exit(7)'))
)

trainer('rejects what is pending when it is stopped', () =>
  withTrainer(async remote => {
    const pending = rejection(remote.evaluate(start()))
    await within(remote.stop(), 5_000, 'the stop')
    assert.match((await pending).message, /was stopped/)
  }, fakeWorker(''))
)

trainer.run()
