import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Schema } from '../../data/index.js'
import { decodeTask, parseTask, taskBytes, type Task } from '../../protocols/index.js'
import { DamagedCheckpointError, ForeignCheckpointError } from './errors.js'

/**
 * All that a node needs to go on where it was. Of the strategy that is what nobody else has; where neighbours keep copies of
 * this node (choco-sgd), versions tell them of the restart and a full copy follows.
 */
export interface Checkpoint {
  readonly task: Task
  /** The task's, with the columns of a table as this node scales them. */
  readonly schema: Schema
  /** The last round that has ended. */
  readonly round: number
  /** Optimiser steps taken so far: batches and Adam's bias correction go on from there. */
  readonly stepsTaken: number
  readonly parameters: Float32Array
  /** Moving statistics of batch normalisation; empty without it. */
  readonly statistics: Float32Array
  /** Empty where the optimiser has none, or the backend keeps it to itself. */
  readonly optimizerState: Float32Array
  /** `RoundMemory.state`; empty where the task has none. */
  readonly roundMemory: Float32Array
  /** What the averaging strategy keeps beside the parameters; empty where it keeps nothing. */
  readonly strategyState: Uint8Array
}

/** Rises when an older murmur would misread the file. */
const formatVersion = 1
const magic = Buffer.from('MURMURCP')
/** Magic, version, length of the header. */
const prefixBytes = magic.length + 8
const digestBytes = 32

const headerSchema = z.object({
  task: z.string(),
  schema: z.unknown(),
  round: z.int().min(0),
  stepsTaken: z.int().min(0),
  parameters: z.int().min(1),
  statistics: z.int().min(0),
  optimizerState: z.int().min(0),
  // Missing in files of before there were any.
  roundMemory: z.int().min(0).default(0),
  strategyState: z.int().min(0).default(0)
})

/**
 * The pieces of a checkpoint file but for the digest that ends it: prefix, header (JSON), parameters, statistics,
 * optimiser state, round memory, all little-endian float32, and the strategy's bytes. All are views, not copies.
 */
export function piecesOf({ task, schema, round, stepsTaken, ...vectors }: Checkpoint): Uint8Array[] {
  const { parameters, statistics, optimizerState, roundMemory, strategyState } = vectors
  const header = Buffer.from(
    JSON.stringify({
      task: Buffer.from(taskBytes(task)).toString(),
      schema,
      round,
      stepsTaken,
      parameters: parameters.length,
      statistics: statistics.length,
      optimizerState: optimizerState.length,
      roundMemory: roundMemory.length,
      strategyState: strategyState.length
    })
  )
  const prefix = Buffer.alloc(prefixBytes)
  magic.copy(prefix)
  prefix.writeUInt32LE(formatVersion, magic.length)
  prefix.writeUInt32LE(header.length, magic.length + 4)
  const floats = [parameters, statistics, optimizerState, roundMemory].map(bytesOf)
  return [prefix, header, ...floats, strategyState]
}

/**
 * @param bytes - a whole file, as it was found: anything
 * @throws DamagedCheckpointError when it is no whole checkpoint
 * @throws ForeignCheckpointError when another version of murmur wrote it
 */
export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  if (bytes.length < prefixBytes + digestBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    throw new DamagedCheckpointError(`${bytes.length} bytes that are no checkpoint`)
  }
  const body = bytes.subarray(0, bytes.length - digestBytes)
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(body.length))) {
    throw new DamagedCheckpointError('its checksum does not match')
  }
  const version = body.readUInt32LE(magic.length)
  if (version !== formatVersion) {
    throw new ForeignCheckpointError(`it has format ${version}, and this murmur reads ${formatVersion}`)
  }
  const vectorsAt = prefixBytes + body.readUInt32LE(magic.length + 4)
  try {
    const header = headerSchema.parse(JSON.parse(body.subarray(prefixBytes, vectorsAt).toString()))
    const { round, stepsTaken, parameters, statistics, optimizerState, roundMemory, strategyState } = header
    const strategyAt = vectorsAt + 4 * (parameters + statistics + optimizerState + roundMemory)
    if (body.length !== strategyAt + strategyState) {
      throw new Error(`${body.length - vectorsAt} bytes of vectors and strategy`)
    }
    const floats = floatsOf(body.subarray(vectorsAt, strategyAt))
    const { task } = decodeTask(Buffer.from(header.task))
    return {
      task,
      schema: parseTask({ ...task, schema: header.schema }).schema,
      round,
      stepsTaken,
      parameters: floats.slice(0, parameters),
      statistics: floats.slice(parameters, parameters + statistics),
      optimizerState: floats.slice(parameters + statistics, parameters + statistics + optimizerState),
      roundMemory: floats.slice(parameters + statistics + optimizerState),
      strategyState: new Uint8Array(body.subarray(strategyAt))
    }
  } catch (cause) {
    throw new DamagedCheckpointError(`it cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A copy: what is read from a file may lie at any offset. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer)
}
