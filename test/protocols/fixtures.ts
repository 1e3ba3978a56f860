import type { Connection, Stream } from '@libp2p/interface'
import { encode } from 'it-length-prefixed'
import { Uint8ArrayList } from 'uint8arraylist'
import type { Update } from '../../learning/averaging/averaging.js'
import { createRng, type Rng } from '../../learning/rng.js'
import type { Task } from '../../protocols/task.js'
import { within } from '../helpers/within.js'

export const sampleTask: Task = {
  version: 1,
  name: 'iris',
  model: { class_name: 'Sequential', config: { layers: [{ units: 3, activation: 'softmax' }] } },
  schema: {
    kind: 'table',
    inputShape: [2],
    columns: [
      { name: 'length', kind: 'number', scaling: { mean: 5.5, deviation: 0.25 } },
      { name: 'colour', kind: 'category', categories: ['blue', 'grün'] }
    ],
    standardise: 'task',
    label: { kind: 'class', name: 'species', classes: ['setosa', 'virginica'] }
  },
  training: { loss: 'softmax-cross-entropy', optimizer: 'momentum', learningRate: 0.05, momentum: 0.9, batchSize: 32 },
  localSteps: 31,
  averaging: 'd-psgd',
  topology: 'ring',
  compress: 'none',
  seed: 1
}

export function randomBytes(length: number, seed: number | string = length): Uint8Array {
  const rng = createRng(seed)
  return Uint8Array.from({ length }, () => rng.integer(256))
}

/** Overwrite a few bytes, wherever. Changes `bytes`. */
export function flipBytes(bytes: Uint8Array, count: number, rng: Rng): void {
  for (let i = 0; i < count && bytes.length > 0; i++) bytes[rng.integer(bytes.length)] = rng.integer(256)
}

export function sampleUpdate(bytes: number, round = 1): Update {
  return { kind: 'model', round, payload: randomBytes(bytes) }
}

/** Frames as they travel: each after its length. */
export function framed(...frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8ArrayList(...frames.map(frame => encode.single(frame))).subarray()
}

/** Resolves when a stream was reset, closed or lost. */
export async function closed(stream: Stream): Promise<void> {
  if (stream.status === 'aborted' || stream.status === 'reset' || stream.status === 'closed') return
  await nextEvent(stream, 'close')
}

/** Streams of one protocol that are open on these connections. */
export function streamsOf(connections: readonly Connection[], protocol: string): Stream[] {
  return connections.flatMap(({ streams }) => streams.filter(stream => stream.protocol === protocol))
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>, what: string): Promise<Error> {
  const outcome = within(promise, 5000, what).then(
    () => undefined,
    (error: unknown) => error
  )
  const error = await outcome
  if (error instanceof Error) return error
  throw new Error(`${what} did not fail`)
}

export async function nextEvent(stream: Stream, type: 'close' | 'message' | 'remoteCloseWrite'): Promise<void> {
  const event = new Promise<void>(resolve => stream.addEventListener(type, () => resolve(), { once: true }))
  await within(event, 5000, `the stream's next ${type}`)
}

/** How many listeners a stream has for each kind of event. */
export function listenersOf(stream: Stream): number[] {
  const counted = stream as Stream & { listenerCount(type: string): number }
  return ['message', 'drain', 'close', 'remoteCloseWrite', 'end'].map(type => counted.listenerCount(type))
}
