import type { Update } from '../../learning/averaging/averaging.js'
import {
  decodeIncrements,
  encodeIncrements,
  type IncrementsMessage
} from '../../learning/averaging/increments-message.js'
import { createRng } from '../../learning/rng.js'
import { compressorOf } from './machine.js'

/** A peer, as an origin. */
export const peerOrigin = 7

/** A message of a peer that has trained the model of all ones to `model`, in float32, in a swarm of two. */
export function firstIncrement(sent: Update, model: Float32Array): Uint8Array {
  return incrementsFrom(sent, [model.map(value => value - 1)])
}

/** A message of a peer that has made these increments so far, in float32, in a swarm of two. */
export function incrementsFrom(
  sent: Update,
  made: readonly Float32Array[],
  rest: Partial<IncrementsMessage> = {}
): Uint8Array {
  const { lineage, progress } = decodeIncrements(sent.payload)
  const payloads = made.map(increment => compressorOf('float32', increment.length).encode(increment, createRng(1)))
  return encodeIncrements({
    lineage,
    progress,
    acknowledged: sent.round,
    asks: false,
    answers: false,
    vector: [{ origin: peerOrigin, version: made.length, wanted: false }],
    increments: payloads.map((payload, i) => ({
      origin: peerOrigin,
      version: i + 1,
      round: sent.round,
      nodes: 2,
      payload
    })),
    ...rest
  })
}
