import { createRequire } from 'node:module'
import type * as Layers from '@tensorflow/tfjs-layers'
import type * as Core from '@tensorflow/tfjs-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildModel,
  createEngine,
  initialParameters,
  tfjsModelFile,
  tfjsWeights,
  type TrainingSettings
} from '../../engine/index.js'
import { elementCount } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'

const exported = suite('exporting a model')
const require = createRequire(import.meta.url)
const core = require('@tensorflow/tfjs-core') as typeof Core
require('@tensorflow/tfjs-backend-cpu')
const layers = require('@tensorflow/tfjs-layers') as typeof Layers

const training: TrainingSettings = {
  loss: 'softmax-cross-entropy',
  optimizer: 'sgd',
  learningRate: 0.1,
  momentum: 0,
  batchSize: 4
}

for (const [name, inputShape] of [
  ['mlp:8', [6]],
  ['softmax', [6]],
  ['lenet', [28, 28, 1]]
] as const) {
  exported(`loads ${name} back into tfjs, which answers the same`, async () => {
    const topology = buildModel(name, inputShape, 3, training.loss)
    const parameters = initialParameters(topology, 5)
    const rng = createRng(5)
    const width = elementCount(inputShape)
    const features = Float32Array.from({ length: 2 * width }, () => rng.uniform())
    const engine = await createEngine({ topology, training, backend: 'plan' })
    const expected = await engine.predict(parameters, features, 2)
    engine.dispose()

    const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(
      JSON.stringify(tfjsModelFile(topology, { round: 3 }))
    ) as Required<Core.io.ModelJSON>
    assert.equal(userDefinedMetadata, { round: 3 })
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights)
    const weightData = tfjsWeights(parameters).buffer
    await core.setBackend('cpu')
    const model = await layers.loadLayersModel(core.io.fromMemory({ modelTopology, weightSpecs, weightData }))
    const input = core.tensor(features, [2, ...inputShape])
    const output = model.predict(input) as Core.Tensor
    const actual = await output.data<'float32'>()
    assert.is(actual.length, 6)
    actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-5, `${i}: ${value}, not ${expected[i]}`))
    for (const tensor of [input, output]) tensor.dispose()
    model.dispose()
  })
}

exported('refuses batch normalisation, whose statistics are elsewhere', () => {
  const topology = buildModel('ds-cnn:batch', [49, 10, 1], 12, training.loss)
  assert.throws(() => tfjsModelFile(topology, {}), /keeps moving statistics .* Use group normalisation\.$/)
})

exported.run()
