import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createEngine } from '../../engine/create-engine.js'
import type { EngineBackend, ModelTopology, TrainingSettings } from '../../engine/engine.js'
import { buildModel } from '../../engine/models.js'
import { initialParameters } from '../../engine/topology.js'
import { close } from '../helpers/close.js'
import { CLASSIFY, CONVOLUTIONAL, randomDataset } from './fixtures.js'

const divergence = suite('steps that are not finite')
const options = { firstStep: 0, steps: 3, seed: 1 }

/** Data, and the same with a broken sensor: one number in each row is none, or so large that its square is infinite. */
function goodAndBad(topology: 'mlp' | 'convolutional') {
  const [inputShape, classes] = topology === 'mlp' ? [[4], 3] : [[6, 6, 1], 2]
  const width = inputShape.reduce((product, extent) => product * extent, 1)
  const good = { ...randomDataset(30, width, classes), inputShape }
  const features = (good.features as Float32Array).map((value, i) =>
    i % width > 0 ? value : topology === 'mlp' ? NaN : 3e38
  )
  return { good, bad: { ...good, features } }
}

async function diverge(
  backend: EngineBackend,
  topology: ModelTopology,
  training: TrainingSettings,
  name: 'mlp' | 'convolutional'
) {
  const { good, bad } = goodAndBad(name)
  const [engine, untouched] = await Promise.all([1, 2].map(() => createEngine({ topology, training, backend })))
  const [parameters, wanted] = [initialParameters(topology, 1), initialParameters(topology, 1)]
  await engine.train(parameters, good, options)
  await untouched.train(wanted, good, options)
  const { loss } = await engine.train(parameters, bad, { ...options, firstStep: 3 })
  assert.not.ok(Number.isFinite(loss), `loss ${loss}`)
  close(parameters, wanted, 0, 'parameters after the bad steps')
  close(engine.statistics, untouched.statistics, 0, 'statistics after the bad steps')
  const next = { ...options, firstStep: 6 }
  const after = await engine.train(parameters, good, next)
  assert.ok(Number.isFinite(after.loss), `loss ${after.loss}`)
  await untouched.train(wanted, good, next)
  engine.dispose()
  untouched.dispose()
  return { parameters, wanted }
}

for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
  divergence(`change nothing on the plan: training with ${optimizer} goes on as if they had not been`, async () => {
    const training = { ...CLASSIFY, optimizer }
    const topology = buildModel('mlp:5', [4], 3, training.loss)
    const { parameters, wanted } = await diverge('plan', topology, training, 'mlp')
    close(parameters, wanted, 0, 'parameters')
  })

  divergence(`leave nothing behind in ${optimizer} of tfjs`, async () => {
    const training = { ...CLASSIFY, optimizer }
    await diverge('cpu', buildModel('mlp:5', [4], 3, training.loss), training, 'mlp')
  })
}

for (const backend of ['plan', 'cpu'] as const) {
  divergence(`leave nothing behind in the moving statistics on ${backend}`, async () => {
    await diverge(backend, CONVOLUTIONAL, CLASSIFY, 'convolutional')
  })
}

divergence('change nothing either when only the parameters are not finite', async () => {
  // The loss is measured before each step's update, so that a single step has a finite one.
  const training = { ...CLASSIFY, learningRate: 3e38, batchSize: 30 }
  const topology = buildModel('mlp:5', [4], 3, training.loss)
  const engine = await createEngine({ topology, training })
  const { good } = goodAndBad('mlp')
  const features = (good.features as Float32Array).map(value => value * 1e3)
  const parameters = initialParameters(topology, 1)
  const { loss } = await engine.train(parameters, { ...good, features }, { ...options, steps: 1 })
  assert.not.ok(Number.isFinite(loss), `loss ${loss}`)
  close(parameters, initialParameters(topology, 1), 0, 'parameters')
})

divergence.run()
