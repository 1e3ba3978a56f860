import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { loadModelFile, LOSS_NAMES, OPTIMIZER_NAMES } from '../engine/index.js'
import type { LearningSettings } from '../node/index.js'
import { InvalidTaskError } from '../protocols/errors.js'
import { parseTask, type Task } from '../protocols/task.js'
import { suggestion } from './suggestion.js'

const settingsSchema = z.strictObject({
  name: z.string().optional(),
  /** A built-in model, or the path of a tfjs model.json beside the task file. */
  model: z.string().optional(),
  loss: z.enum(LOSS_NAMES).optional(),
  optimizer: z.enum(OPTIMIZER_NAMES).optional(),
  learningRate: z.number().positive().optional(),
  momentum: z.number().min(0).lt(1).optional(),
  weightDecay: z.number().min(0).optional(),
  clipNorm: z.number().positive().optional(),
  clipValue: z.number().positive().optional(),
  perExampleClipNorm: z.number().positive().optional(),
  batchSize: z.int().positive().optional(),
  localSteps: z.int().positive().optional(),
  sharing: z.string().optional(),
  roundMemory: z.string().optional(),
  averaging: z.string().optional(),
  topology: z.string().optional(),
  compress: z.string().optional(),
  budget: z.string().optional(),
  seed: z.int().min(0).optional(),
  label: z.string().optional(),
  kind: z.enum(['classification', 'regression']).optional(),
  standardise: z.enum(['local', 'task', 'none']).optional(),
  missing: z.enum(['fail', 'drop']).optional()
})

export type TaskFileSettings = Omit<z.infer<typeof settingsSchema>, 'model'> & { model?: LearningSettings['model'] }

/**
 * Read a task file: a whole task, as `murmur status --task` prints it, or some of the settings that the flags name.
 *
 * @throws InvalidTaskError naming file and field
 */
export async function readTaskFile(
  path: string
): Promise<{ readonly task: Task } | { readonly settings: TaskFileSettings }> {
  const value = readJson(path)
  if (typeof value === 'object' && value !== null && 'version' in value) {
    try {
      return { task: parseTask(value) }
    } catch (cause) {
      throw new InvalidTaskError(`${path}: ${(cause as Error).message}`, { cause })
    }
  }
  const result = settingsSchema.safeParse(value)
  if (!result.success) {
    throw new InvalidTaskError(`${path}: ${describe(result.error.issues[0])}`)
  }
  const { model, ...rest } = result.data
  const ownModel = model?.endsWith('.json') === true ? await loadModelFile(resolve(dirname(path), model)) : model
  return { settings: { ...rest, ...(ownModel === undefined ? {} : { model: ownModel }) } }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const found = cause instanceof SyntaxError ? 'the file is no JSON' : 'the file cannot be read'
    const problem = `${found} (${(cause as Error).message}); expected a task or settings as JSON. Check --task.`
    throw new InvalidTaskError(`${path}: ${problem}`, { cause })
  }
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `field ${issue.path.join('.') || '(top)'}: ${issue.message}`
  const [key] = issue.keys
  const known = Object.keys(settingsSchema.shape)
  return [
    `unknown field "${key}"; expected a whole task, or some of ${known.join(', ')}.`,
    ...suggestion(key, known)
  ].join('\n')
}
