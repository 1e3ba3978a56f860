import type { Schema } from '../data/index.js'
import { buildModel, checkModelFits, modelLayout, reconstructs, type TrainingSettings } from '../engine/index.js'
import { checkCompressor, chooseCompressor } from '../learning/averaging/check-compressor.js'
import { checkTopology } from '../learning/averaging/check-topology.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import { checkBudget } from '../learning/compression/adaptive.js'
import { checkCompressorSpec, createCompressor } from '../learning/compression/create-compressor.js'
import { InvalidParametersError } from '../learning/errors.js'
import { elementCount } from '../learning/parameters.js'
import { checkRoundMemory, localOptimizer } from '../learning/round-memory/create-round-memory.js'
import { checkSharing, checkSharingForm, parseSharing } from '../learning/sharing.js'
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
  const { model, optimizer, learningRate, momentum, batchSize, ...others } = { ...defaultSettings, ...settings }
  const {
    budget,
    compress,
    loss: asked,
    sharing,
    roundMemory,
    weightDecay,
    clipNorm,
    clipValue,
    perExampleClipNorm,
    ...rest
  } = others
  const target = typeof model === 'string' && reconstructs(model) ? 'input' : undefined
  const loss = target === 'input' ? 'mean-squared-error' : lossFor(schema, asked)
  const outputs = outputsOf(schema, target)
  const topology = typeof model === 'string' ? buildModel(model, schema.inputShape, outputs, loss) : model
  const optional = { target, weightDecay, clipNorm, clipValue, perExampleClipNorm }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  const training = { loss, optimizer, learningRate, momentum, batchSize, ...given }
  const task = parseTask({
    version: 1,
    ...rest,
    compress: chooseCompressor(rest.averaging, { compress, budget }),
    ...(sharing === undefined ? {} : { sharing }),
    ...(roundMemory === undefined ? {} : { roundMemory }),
    model: topology,
    schema,
    training
  })
  checkTask(task)
  return task
}

/** Check what the shape of a task's fields does not show: that every spec exists and the model fits the data. */
export function checkTask(task: Task): void {
  const averaging = createAveraging(task.averaging, 1)
  checkTopology(averaging, createTopology(task.topology))
  const sharing = task.sharing === undefined ? undefined : parseSharing(task.sharing)
  checkSharing(averaging, sharing)
  checkSharingForm(checkCompressorSpec(task.compress), sharing)
  if (task.roundMemory !== undefined) checkRoundMemory(task.roundMemory, averaging, task.training.optimizer)
  checkModelFits(task.model, task.schema.inputShape, outputsOf(task.schema, task.training.target))
  const compressor = createCompressor(task.compress, modelLayout(task.model))
  checkCompressor(averaging, compressor)
  checkBudget(compressor, 1)
}

/** How a node of the task takes its local steps. */
export function localTraining({ training, roundMemory }: Task): TrainingSettings {
  return { ...training, optimizer: localOptimizer(roundMemory, training.optimizer) }
}

/** Width of the model's output: classes, one target, or as many as there are inputs when these are the target. */
export function outputsOf({ label, inputShape }: Schema, target?: 'label' | 'input'): number {
  if (target === 'input') return elementCount(inputShape)
  return label.kind === 'class' ? label.classes.length : 1
}

/** @throws InvalidParametersError when the loss that is asked for does not fit the label */
function lossFor({ label }: Schema, asked: LearningSettings['loss']): TrainingSettings['loss'] {
  const fitting = label.kind === 'class' ? CLASSIFICATION : REGRESSION
  const loss = asked ?? fitting[0]
  if (fitting.includes(loss)) return loss
  const kind = label.kind === 'class' ? 'classes' : 'a number'
  throw new InvalidParametersError(
    `loss "${loss}" does not fit label "${label.name}", which is ${kind}; expected ${fitting.join(' or ')}`
  )
}

const CLASSIFICATION: readonly TrainingSettings['loss'][] = ['softmax-cross-entropy', 'sigmoid-cross-entropy']
const REGRESSION: readonly TrainingSettings['loss'][] = ['mean-squared-error']
