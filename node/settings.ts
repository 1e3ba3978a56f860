import type { Schema } from '../data/index.js'
import { buildModel, checkModelFits, modelLayout } from '../engine/index.js'
import { checkCompressor } from '../learning/averaging/check-compressor.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import { createCompressor } from '../learning/compression/create-compressor.js'
import { createLayout } from '../learning/parameters.js'
import { createTopology } from '../learning/topology/create-topology.js'
import { parseTask, type Task } from '../protocols/task.js'
import { defaultSettings, type LearningSettings } from './learning-settings.js'

/**
 * The task that the first node of a swarm founds.
 *
 * @param schema - of its data
 * @throws UnknownNameError, InvalidParametersError for a spec, InvalidModelError or ModelMismatchError for the model
 * @throws InvalidTaskError for a number out of range
 */
export function buildTask(settings: Partial<LearningSettings>, schema: Schema): Task {
  const { model, optimizer, learningRate, momentum, batchSize, ...rest } = { ...defaultSettings, ...settings }
  const loss = schema.label.kind === 'class' ? 'softmax-cross-entropy' : 'mean-squared-error'
  const topology = typeof model === 'string' ? buildModel(model, schema.inputShape, outputsOf(schema), loss) : model
  const training = { loss, optimizer, learningRate, momentum, batchSize }
  const task = parseTask({ version: 1, ...rest, model: topology, schema, training })
  checkTask(task)
  return task
}

/** Check what the shape of a task's fields does not show: that every spec exists and the model fits the data. */
export function checkTask(task: Task): void {
  createTopology(task.topology)
  const averaging = createAveraging(task.averaging, 1)
  createCompressor(task.compress, createLayout([{ name: 'probe', shape: [1] }]))
  checkModelFits(task.model, task.schema.inputShape, outputsOf(task.schema))
  checkCompressor(averaging, createCompressor(task.compress, modelLayout(task.model)))
}

/** Width of the model's output: classes, or one target. */
export function outputsOf(schema: Schema): number {
  return schema.label.kind === 'class' ? schema.label.classes.length : 1
}
