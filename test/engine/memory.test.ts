import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import { buildModel } from '../../engine/models.js'
import { initialParameters } from '../../engine/topology.js'
import { settledMemory } from '../helpers/settled-memory.js'
import { CLASSIFY, randomDataset } from './fixtures.js'

const memory = suite('memory of an engine')
const calls = 100
/** A copy of the parameters lost in each call would come to seven times this; the engine's own code is compiled anew. */
const mostBytes = 10_000 * calls

for (const backend of ['plan', 'wasm'] as const) {
  memory(`does not grow on ${backend} with steps, evaluations and predictions`, async () => {
    const training = { ...CLASSIFY, optimizer: 'adam' } as const
    const topology = buildModel('mlp:256', [64], 3, training.loss)
    const engine = await createEngine({ topology, training, backend })
    const data = randomDataset(64, 64, 3)
    const parameters = initialParameters(topology, 1)
    const features = (data.features as Float32Array).subarray(0, 64)
    const work = async (): Promise<void> => {
      for (let call = 0; call < calls; call++) {
        await engine.train(parameters, data, { firstStep: 5 * call, steps: 5, seed: 1 })
        await engine.predict(parameters, features, 1)
        engine.statistics = engine.statistics
      }
      await engine.evaluate(parameters, data)
    }
    await work()
    const before = settledMemory()
    await work()
    const grown = settledMemory() - before
    assert.ok(grown < mostBytes, `grew by ${grown} bytes in ${calls} calls`)
    engine.dispose()
  })
}

memory.run()
