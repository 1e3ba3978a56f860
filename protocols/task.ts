import { createHash } from 'node:crypto'
import * as z from 'zod'
import { InvalidTaskError } from './errors.js'

/** Bytes of a task on the wire: a frame, less room for members. It holds a model's topology, never its parameters. */
export const maxTaskBytes = 512 * 1024
/** What a peer put into a task must not flood a terminal. */
const maxMessageLength = 300

const scaling = z.strictObject({ mean: z.number(), deviation: z.number().positive() })
const shape = z
  .array(
    z
      .int()
      .positive()
      .max(1 << 24)
  )
  .min(1)
  .max(8)

const classLabel = z.strictObject({
  kind: z.literal('class'),
  name: z.string(),
  classes: z.array(z.string()).min(2).max(65_536)
})

const numberLabel = z.strictObject({ kind: z.literal('number'), name: z.string(), scaling })

const column = z.discriminatedUnion('kind', [
  z.strictObject({ name: z.string(), kind: z.literal('number'), scaling: scaling.optional() }),
  z.strictObject({ name: z.string(), kind: z.literal('category'), categories: z.array(z.string()).min(1) })
])

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('table'),
    inputShape: shape,
    columns: z.array(column).min(1),
    standardise: z.enum(['local', 'task', 'none']),
    label: z.discriminatedUnion('kind', [classLabel, numberLabel])
  }),
  z.strictObject({ kind: z.literal('image'), inputShape: shape, imageShape: shape, label: classLabel })
])

const training = z.strictObject({
  loss: z.enum(['softmax-cross-entropy', 'sigmoid-cross-entropy', 'mean-squared-error']),
  /** What is predicted: the label, when it is left out. */
  target: z.enum(['label', 'input']).optional(),
  optimizer: z.enum(['sgd', 'momentum', 'nesterov', 'adam', 'adamw']),
  learningRate: z.number().positive(),
  momentum: z.number().min(0).lt(1),
  weightDecay: z.number().min(0).optional(),
  clipNorm: z.number().positive().optional(),
  clipValue: z.number().positive().optional(),
  perExampleClipNorm: z.number().positive().optional(),
  batchSize: z.int().positive()
})

const taskSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots and dashes'),
  /** A tfjs LayersModel topology. */
  model: z.record(z.string(), z.unknown()),
  schema,
  training,
  localSteps: z.int().positive(),
  /** Rounds without local steps, as in `4:1`: one after every four with them. */
  sharing: z.string().optional(),
  /** What goes over from one round to the next beside the model, as in `quasi-global`. */
  roundMemory: z.string().optional(),
  averaging: z.string(),
  topology: z.string(),
  compress: z.string(),
  /** Fixes the initial parameters and the topology's random choices. */
  seed: z.int().min(0)
})

/** What is learned, and how: everything that the nodes of a swarm must agree on. */
export type Task = z.infer<typeof taskSchema>

/**
 * @param value - anything: a parsed file, a peer's bytes
 * @throws InvalidTaskError naming the field
 */
export function parseTask(value: unknown): Task {
  const result = taskSchema.safeParse(value)
  if (!result.success) {
    const { path, message } = result.error.issues[0]
    const found = `task field ${path.length > 0 ? path.join('.') : '(top)'}: ${message}`
    throw new InvalidTaskError(found.slice(0, maxMessageLength))
  }
  return result.data
}

/**
 * The one way to write a task down: JSON with sorted keys and no spaces, in UTF-8.
 *
 * @throws InvalidTaskError when that is longer than `maxTaskBytes`
 */
export function taskBytes(task: Task): Uint8Array<ArrayBuffer> {
  const sorted = JSON.stringify(task, (_, value: unknown) => (isRecord(value) ? sortKeys(value) : value))
  const bytes = new TextEncoder().encode(sorted)
  if (bytes.byteLength <= maxTaskBytes) return bytes
  throw new InvalidTaskError(
    `the task is ${bytes.byteLength} bytes long; at most ${maxTaskBytes} can be sent. Use a model with fewer layers.`
  )
}

/** SHA-256 of the canonical bytes, 64 hexadecimal digits. */
export function taskId(task: Task): string {
  return hashOf(taskBytes(task))
}

/**
 * Read a task that a peer sent.
 *
 * @throws InvalidTaskError when it is no valid task, or not written down canonically
 */
export function decodeTask(bytes: Uint8Array): { readonly task: Task; readonly id: string } {
  let task: Task
  let id: string
  try {
    task = parseTask(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
    id = taskId(task)
  } catch (cause) {
    if (cause instanceof InvalidTaskError) throw cause
    // No JSON, or nested without end.
    throw new InvalidTaskError('the task that the peer sent cannot be read', { cause })
  }
  if (id !== hashOf(bytes)) throw new InvalidTaskError('the task that the peer sent is not in canonical form')
  return { task, id }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
