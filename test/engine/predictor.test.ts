import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import type { ModelTopology } from '../../engine/engine.js'
import { EngineError, UnusableEngineError } from '../../engine/errors.js'
import { buildModel } from '../../engine/models.js'
import { Predictor, type PredictorInit } from '../../engine/predictor.js'
import { initialParameters } from '../../engine/topology.js'
import { close } from '../helpers/close.js'
import { within } from '../helpers/within.js'
import { CLASSIFY, CONVOLUTIONAL, randomDataset, rejection } from './fixtures.js'

const predictor = suite('predictor')
const topology = buildModel('mlp:90', [6], 3, CLASSIFY.loss)
const init: PredictorInit = { topology, training: CLASSIFY, backend: 'plan' }
/** So many are predicted in a worker, one alone on this thread. */
const rows = 4800
const features = randomDataset(rows, 6, 3).features as Float32Array
const none = new Float32Array(0)

async function withPredictor(change: Partial<PredictorInit>, use: (lane: Predictor) => Promise<void>): Promise<void> {
  const lane = new Predictor({ ...init, ...change })
  try {
    await use(lane)
  } finally {
    await lane.stop()
  }
}

function ask(lane: Predictor, input = features, count = rows) {
  return within(lane.predict(input, count), 10_000, 'a prediction')
}

async function expected(model: ModelTopology, parameters: Float32Array, input: Float32Array, count: number) {
  const engine = await createEngine({ topology: model, training: CLASSIFY })
  return engine.predict(parameters, input, count)
}

predictor('gives the same answer on this thread as in the worker', () =>
  withPredictor({}, async lane => {
    lane.publish(3, initialParameters(topology, 1), none)
    const many = await ask(lane)
    for (const row of [0, 1, rows - 1]) {
      const one = await ask(lane, features.subarray(row * 6, (row + 1) * 6), 1)
      assert.equal([one.round, one.version], [3, 1])
      close(one.predictions, many.predictions.subarray(row * 3, (row + 1) * 3), 1e-6, `row ${row}`)
    }
  })
)

predictor('starts no worker for a small prediction, which sees the latest model at once', () =>
  withPredictor({ workerUrl: new URL('data:text/javascript,throw new Error("a worker was started")') }, async lane => {
    for (const seed of [1, 2, 3, 4]) {
      const parameters = initialParameters(topology, seed)
      lane.publish(seed, parameters, none)
      const asked = ask(lane, features.subarray(0, 6), 1)
      for (let later = 0; later < 4; later++)
        lane.publish(
          99,
          parameters.map(() => NaN),
          none
        )
      const { predictions, round } = await asked
      assert.is(round, seed)
      close(predictions, await expected(topology, parameters, features.subarray(0, 6), 1), 0, `model ${seed}`)
    }
    assert.match((await rejection(ask(lane))).message, /a worker was started/)
  })
)

predictor('answers from the model that was published last, and says which', () =>
  withPredictor({}, async lane => {
    const [first, second] = [initialParameters(topology, 1), initialParameters(topology, 2)]
    lane.publish(0, first, none)
    const before = await ask(lane)
    assert.equal([before.round, before.version], [0, 1])
    close(before.predictions, await expected(topology, first, features, rows), 0, 'predictions')
    lane.publish(4, second, none)
    const after = await ask(lane)
    assert.equal([after.round, after.version], [4, 2])
    close(after.predictions, await expected(topology, second, features, rows), 0, 'predictions')
  })
)

predictor('copies the model: what becomes of the arrays afterwards changes nothing', () =>
  withPredictor({}, async lane => {
    const parameters = initialParameters(topology, 1)
    const wanted = await expected(topology, parameters, features, rows)
    lane.publish(1, parameters, none)
    parameters.fill(NaN)
    close((await ask(lane)).predictions, wanted, 0, 'predictions')
  })
)

predictor('uses the moving statistics that come with a model', () =>
  withPredictor({ topology: CONVOLUTIONAL }, async lane => {
    const parameters = initialParameters(CONVOLUTIONAL, 1)
    const engine = await createEngine({ topology: CONVOLUTIONAL, training: CLASSIFY })
    const statistics = Float32Array.of(0.1, 0.2, 0.3, 2, 3, 4)
    lane.publish(1, parameters, statistics)
    for (const count of [1, rows]) {
      const images = randomDataset(count, 36).features as Float32Array
      engine.statistics = Float32Array.of(0, 0, 0, 1, 1, 1)
      const usual = await engine.predict(parameters, images, count)
      engine.statistics = statistics
      const wanted = await engine.predict(parameters, images, count)
      assert.not.equal([...wanted], [...usual])
      close((await ask(lane, images, count)).predictions, wanted, 0, `${count} images`)
    }
  })
)

predictor('refuses what cannot be answered, and goes on', () =>
  withPredictor({}, async lane => {
    for (const count of [1, rows]) {
      const error = await rejection(ask(lane, features.subarray(0, 6 * count), count))
      assert.match(error.message, /no model yet/, `${count} rows`)
    }
    lane.publish(1, initialParameters(topology, 1), none)
    for (const count of [7, rows - 1]) {
      assert.match((await rejection(ask(lane, features, count))).message, new RegExp(`features of ${count} rows`))
    }
    assert.is((await ask(lane)).round, 1)
  })
)

predictor('starts another worker after one has died', async () => {
  const source = `import { parentPort } from 'node:worker_threads'
    parentPort.once('message', () => {
      parentPort.once('message', () => { throw new Error('boom') })
      parentPort.postMessage({ kind: 'ready', backend: 'plan' })
    })`
  const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
  await withPredictor({ workerUrl }, async lane => {
    for (const attempt of ['first', 'second']) {
      const error = await rejection(ask(lane))
      assert.instance(error, EngineError)
      assert.match(error.message, /inference worker crashed: boom/, attempt)
    }
  })
})

predictor('says why no engine can be made, and ends with what is pending when it is stopped', async () => {
  const model = structuredClone(topology) as { config: { layers: { config: Record<string, unknown> }[] } }
  model.config.layers[0].config.kernel_regularizer = { class_name: 'L1L2', config: { l2: 1e-3 } }
  await withPredictor({ topology: model }, async lane => {
    assert.instance(await rejection(ask(lane)), UnusableEngineError)
  })
  await withPredictor({}, async lane => {
    const pending = rejection(ask(lane))
    await lane.stop()
    assert.match((await pending).message, /stopped/)
    assert.match((await rejection(ask(lane))).message, /stopped/)
  })
})

predictor.run()
