import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Schema } from '../../data/index.js'
import { reconstructionErrors } from '../../node/reconstruction.js'
import { buildTask, localTraining } from '../../node/settings.js'
import { ModelMismatchError } from '../../engine/errors.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { parseTask } from '../../protocols/task.js'

const settings = suite('task settings')
const columns = ['a', 'b', 'c'].map(name => ({ name, kind: 'number' as const }))
const table = { kind: 'table' as const, inputShape: [3], columns, standardise: 'local' as const }
const CLASSES: Schema = { ...table, label: { kind: 'class', name: 'y', classes: ['no', 'yes'] } }
const NUMBER: Schema = { ...table, label: { kind: 'number', name: 'y', scaling: { mean: 0, deviation: 1 } } }

settings('carry the options of training into the task, and leave out those that nobody set', () => {
  const options = { weightDecay: 0.1, clipNorm: 2, clipValue: 0.5, perExampleClipNorm: 1 }
  const { training } = buildTask({ optimizer: 'adamw', ...options }, CLASSES)
  const { optimizer, weightDecay, clipNorm, clipValue, perExampleClipNorm } = training
  assert.equal([optimizer, { weightDecay, clipNorm, clipValue, perExampleClipNorm }], ['adamw', options])
  const usual = Object.keys(buildTask({}, CLASSES).training)
  assert.equal(usual.sort(), ['batchSize', 'learningRate', 'loss', 'momentum', 'optimizer'])
})

settings('carry a round memory into the task, which says who takes the local steps', () => {
  const task = buildTask({ roundMemory: 'quasi-global' }, CLASSES)
  assert.is(task.roundMemory, 'quasi-global')
  assert.equal(localTraining(task), { ...task.training, optimizer: 'sgd' })
  const plain = buildTask({}, CLASSES)
  assert.not.ok('roundMemory' in plain)
  assert.equal(localTraining(plain), plain.training)
})

settings('take the loss that fits the label, or one that is asked for', () => {
  assert.is(buildTask({}, CLASSES).training.loss, 'softmax-cross-entropy')
  assert.is(buildTask({}, NUMBER).training.loss, 'mean-squared-error')
  assert.is(buildTask({ loss: 'sigmoid-cross-entropy' }, CLASSES).training.loss, 'sigmoid-cross-entropy')
  assert.throws(
    () => buildTask({ loss: 'sigmoid-cross-entropy' }, NUMBER),
    (error: Error) => error instanceof InvalidParametersError && /label "y", which is a number/.test(error.message)
  )
})

settings('take a budget in place of a compressor, as it suits the strategy', () => {
  const compress = (averaging: string, budget: string): string => buildTask({ averaging, budget }, CLASSES).compress
  assert.is(compress('anti-entropy', '5mb/hour'), 'adaptive-top-k:5MB/hour')
  assert.is(compress('d-psgd', '200KB/round'), 'adaptive-quantize:200KB/round')
  for (const [wrong, message] of [
    [{ budget: '1MB/hour', compress: 'sign' }, /a budget of 1MB\/hour decides how to compress; remove sign/],
    [{ budget: '9B/round', averaging: 'anti-entropy' }, /budget 9B\/round: the smallest message takes \d+ bytes/]
  ] as const) {
    assert.throws(
      () => buildTask(wrong, CLASSES),
      (error: Error) => error instanceof InvalidParametersError && message.test(error.message)
    )
  }
})

settings('of an autoencoder predict the input, whatever the label', () => {
  const task = buildTask({ model: 'autoencoder' }, CLASSES)
  assert.equal([task.training.loss, task.training.target], ['mean-squared-error', 'input'])
  assert.equal(parseTask(JSON.parse(JSON.stringify(task))), task)
  const { target, ...training } = task.training
  assert.is(target, 'input')
  assert.throws(
    () => buildTask({ model: task.model }, CLASSES),
    (error: Error) => error instanceof ModelMismatchError
  )
  assert.throws(() => parseTask({ ...task, training: { ...training, target: 'output' } }), /training.target/)
})

settings('turn what an autoencoder gives back into an error an example', () => {
  const [first, second] = reconstructionErrors(Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 2, 3, 2), 2)
  assert.equal(
    [first, second],
    [
      { kind: 'number', value: 0 },
      { kind: 'number', value: 2 }
    ]
  )
})

settings.run()
