import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidModelError, ModelMismatchError } from '../../engine/errors.js'
import { buildModel, checkModelFits, loadModelFile } from '../../engine/models.js'
import { planSteps } from '../../engine/plan/steps.js'
import { initialParameters, modelLayout } from '../../engine/topology.js'
import { UnknownNameError } from '../../learning/errors.js'
import { close } from '../helpers/close.js'
import { CLASSIFY, CONVOLUTIONAL, rejection, sequential } from './fixtures.js'

const models = suite('models')

function shapes(spec: string, inputShape = [784]): string {
  const { tensors } = modelLayout(buildModel(spec, inputShape, 10, 'softmax-cross-entropy'))
  return tensors.map(({ shape }) => shape.join('x')).join(' ')
}

models('are built by name', () => {
  assert.is(shapes('softmax'), '784x10 10')
  assert.is(shapes('mlp'), '784x128 128 128x10 10')
  assert.is(shapes('mlp:64,32'), '784x64 64 64x32 32 32x10 10')
  assert.is(shapes('mlp:5', [28, 28, 1]), '784x5 5 5x10 10')
})

const SIZES: [string, number[], number, number][] = [
  ['softmax', [784], 10, 7_850],
  ['mlp', [28, 28], 10, 101_770],
  ['lenet', [28, 28, 1], 10, 46_730],
  ['lenet', [28, 28], 10, 46_730],
  ['ds-cnn', [49, 10, 1], 12, 23_180],
  ['ds-cnn:batch', [49, 10, 1], 12, 23_180],
  ['mobilenet-v1-0.25', [96, 96, 3], 2, 213_586],
  ['resnet8', [32, 32, 3], 10, 78_186],
  ['resnet8:batch', [32, 32, 3], 10, 78_186],
  ['autoencoder', [640], 640, 267_928],
  ['autoencoder:batch', [640], 640, 267_928],
  ['conv1d', [128, 9], 6, 411_650],
  ['gru', [128, 9], 6, 4_230]
]

for (const [spec, inputShape, outputs, parameters] of SIZES) {
  models(
    `named ${spec} have the parameters that they say for [${inputShape.join(', ')}], and train by the plan`,
    () => {
      const topology = buildModel(spec, inputShape, outputs, CLASSIFY.loss)
      assert.is(modelLayout(topology).size, parameters)
      assert.not.ok('unsupported' in planSteps(topology, CLASSIFY.loss))
      checkModelFits(topology, inputShape, outputs)
    }
  )
}

models('have group normalisation unless batch normalisation is asked for', () => {
  const kinds = (spec: string) => JSON.stringify(buildModel(spec, [49, 10, 1], 12, CLASSIFY.loss))
  assert.ok(kinds('ds-cnn').includes('GroupNormalization') && !kinds('ds-cnn').includes('BatchNormalization'))
  assert.ok(!kinds('ds-cnn:batch').includes('GroupNormalization') && kinds('ds-cnn:batch').includes('BatchNorm'))
  assert.throws(() => kinds('ds-cnn:none'), /unknown normalisation/)
})

models('refuse examples that they cannot take, and options that they do not have', () => {
  const build = (spec: string, shape: number[]) => () => modelLayout(buildModel(spec, shape, 3, CLASSIFY.loss))
  assert.throws(build('lenet', [784]), /height x width x channels; the data has \[784\]/)
  assert.throws(build('conv1d', [28, 28, 1]), /steps x channels/)
  assert.throws(build('lenet', [5, 5, 1]), /cannot take an input of shape/)
  assert.throws(build('lenet:batch', [28, 28, 1]), (error: Error) => error instanceof UnknownNameError)
})

models('with groups that do not divide the channels are refused', () => {
  const input = { batch_input_shape: [null, 4, 4, 6] }
  assert.throws(() => modelLayout(sequential(['GroupNormalization', { groups: 4, ...input }])), /divisor of its 6/)
})

models('of an unknown name are refused with the known ones', () => {
  try {
    buildModel('mpl', [4], 2, 'softmax-cross-entropy')
    assert.unreachable('built')
  } catch (error) {
    assert.instance(error, UnknownNameError)
    const { kind, actual, known } = error as UnknownNameError
    assert.equal([kind, actual, known.includes('mlp')], ['model', 'mpl', true])
  }
  assert.throws(() => buildModel('mlp:8,x', [4], 2, 'softmax-cross-entropy'), /no whole number/)
})

models('of convolutions are laid out as tfjs lays them out', () => {
  const { tensors, size } = modelLayout(CONVOLUTIONAL)
  assert.equal(
    tensors.map(({ shape }) => shape.join('x')),
    ['3x3x1x3', '3', '3', '3', '12x2', '2']
  )
  assert.is(size, 27 + 3 + 3 + 3 + 24 + 2)
})

models('name a layer that is not known', () => {
  const topology = sequential(['ConvLSTM2D', { units: 3, batch_input_shape: [null, 4, 2] }])
  assert.throws(
    () => modelLayout(topology),
    (error: Error) =>
      error instanceof InvalidModelError && error.message.includes('"ConvLSTM2D"') && error.message.includes('Dense')
  )
})

models('with a frozen layer are refused', () => {
  const topology = sequential(['Dense', { units: 3, trainable: false, batch_input_shape: [null, 4] }])
  assert.throws(() => modelLayout(topology), /frozen/)
})

models('start from the same parameters for the same seed, from others for another', () => {
  const topology = buildModel('mlp', [20], 3, 'softmax-cross-entropy')
  assert.equal(initialParameters(topology, 5), initialParameters(topology, 5))
  assert.not.equal(initialParameters(topology, 5), initialParameters(topology, 6))
})

models('start within the bounds and with the variance of each initialiser', () => {
  // 60 inputs, 40 outputs; the variance is scale / fan.
  const cases: [string, Record<string, unknown>, number][] = [
    ['GlorotUniform', {}, 1 / 50],
    ['GlorotNormal', {}, 1 / 50],
    ['HeUniform', {}, 2 / 60],
    ['HeNormal', {}, 2 / 60],
    ['LeCunUniform', {}, 1 / 60],
    ['LeCunNormal', {}, 1 / 60],
    ['VarianceScaling', { scale: 3, mode: 'fanOut', distribution: 'uniform' }, 3 / 40],
    ['VarianceScaling', { scale: 3, mode: 'fan_out', distribution: 'truncated_normal' }, 3 / 40]
  ]
  for (const [name, config, variance] of cases) {
    const uniform = name.includes('Uniform') || config.distribution === 'uniform'
    const values = initialised({ class_name: name, config })
    const mean = values.reduce((sum, value) => sum + value / values.length, 0)
    const measured = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0)
    // A normal cut at two deviations keeps 0.774 of its variance.
    const expected = uniform ? variance : 0.7737 * variance
    const bound = Math.sqrt(variance) * (uniform ? Math.sqrt(3) : 2)
    const label = `${name} ${JSON.stringify(config)}`
    assert.ok(Math.abs(measured / expected - 1) < 0.1, `${label}: variance ${measured}, expected ${expected}`)
    assert.ok(
      values.every(value => Math.abs(value) <= bound * 1.0001),
      `${label}: beyond ${bound}`
    )
    assert.ok(Math.abs(mean) < 0.1 * Math.sqrt(variance), `${label}: mean ${mean}`)
  }
  const orthogonal = initialised({ class_name: 'Orthogonal', config: { gain: 2 } })
  const product = (a: number, b: number) => {
    let sum = 0
    for (let row = 0; row < 60; row++) sum += orthogonal[row * 40 + a] * orthogonal[row * 40 + b]
    return sum
  }
  close([product(0, 0), product(7, 7), product(0, 1), product(3, 39)], [4, 4, 0, 0], 1e-5, 'Orthogonal')
  assert.ok(initialised({ class_name: 'RandomUniform', config: {} }).every(value => Math.abs(value) <= 0.05))
  assert.ok(initialised({ class_name: 'Ones', config: {} }).every(value => value === 1))
  assert.throws(() => initialised({ class_name: 'Identity', config: {} }), /unknown initializer "Identity"/)
})

function initialised(initializer: Record<string, unknown>): number[] {
  const dense = { units: 40, use_bias: false, kernel_initializer: initializer, batch_input_shape: [null, 60] }
  return [...initialParameters(sequential(['Dense', dense]), 1)]
}

models('that do not fit the data say what they expect and what the data has', () => {
  const topology = buildModel('mlp', [784], 10, 'softmax-cross-entropy')
  checkModelFits(topology, [784], 10)
  checkModelFits(topology, [28, 28, 1], 10)
  checkModelFits(CONVOLUTIONAL, [6, 6], 2)
  assert.throws(
    () => checkModelFits(topology, [4], 10),
    (error: Error) =>
      error instanceof ModelMismatchError && error.message.includes('[784]') && error.message.includes('[4]')
  )
  assert.throws(() => checkModelFits(CONVOLUTIONAL, [4, 9], 2), /\[6, 6, 1\]; the data has \[4, 9\]/)
  assert.throws(() => checkModelFits(topology, [784], 3), /10 outputs; the data needs 3/)
})

models('are read from a saved model.json, and other files refused by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'murmuration-'))
  try {
    const path = join(folder, 'model.json')
    const topology = buildModel('mlp', [4], 2, 'softmax-cross-entropy')
    await writeFile(path, JSON.stringify({ format: 'layers-model', modelTopology: { model_config: topology } }))
    assert.is(modelLayout(await loadModelFile(path)).hash, modelLayout(topology).hash)

    const refused: [string, RegExp][] = [
      ['{', /no JSON: /],
      ['{"format":"graph-model"}', /no "modelTopology"/],
      ['{"format":"graph-model","modelTopology":{"node":[]}}', /no "class_name"/],
      ['{"modelTopology":{"class_name":"Functional","config":{}}}', /no list of layers/],
      ['{"modelTopology":{"class_name":"Graph","config":{}}}', /"Graph"; expected a "Sequential"/]
    ]
    for (const [text, message] of refused) {
      await writeFile(path, text)
      const error = await rejection(loadModelFile(path))
      assert.instance(error, InvalidModelError, text)
      assert.ok(message.test(error.message) && error.message.includes(path), error.message)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

models.run()
