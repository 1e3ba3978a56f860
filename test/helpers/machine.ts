import * as assert from 'uvu/assert'
import type { Averaging, Neighbour, RejectReason, Update, UpdateKind } from '../../learning/averaging/averaging.js'
import type { Compressor } from '../../learning/compression/compressor.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import type { DeadlineBounds } from '../../learning/deadline.js'
import { createLayout } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import type { Action } from '../../learning/events.js'
import { RoundMachine, type RoundMachineInit } from '../../learning/round-machine.js'

/** Bounds that tests count with, whatever the default is. */
export const testDeadline: DeadlineBounds = { minMs: 1000, maxMs: 30_000 }

export function compressorOf(spec: string, length: number): Compressor {
  return createCompressor(spec, createLayout([{ name: 'w', shape: [length] }]))
}

/** What a test may set of a machine; the rest has defaults for tests. */
export type MachineOptions = Partial<Omit<RoundMachineInit, 'parameters' | 'work' | 'averaging'>>

/** One machine, its vectors, and events in few words. All parameters are 1 to begin with; nothing is trained. */
export class MachineBench {
  readonly parameters: Float32Array
  readonly work: Float32Array
  readonly machine: RoundMachine
  readonly compressor: Compressor
  nowMs = 0

  constructor(averaging: Averaging, length: number, options: MachineOptions = {}) {
    this.parameters = new Float32Array(length).fill(1)
    this.work = new Float32Array(length)
    this.compressor = options.compressor ?? compressorOf('float32', length)
    this.machine = new RoundMachine({
      rng: createRng('bench'),
      localSteps: 1,
      deadline: testDeadline,
      ...options,
      compressor: this.compressor,
      parameters: this.parameters,
      work: this.work,
      averaging
    })
  }

  start(): readonly Action[] {
    return this.machine.handle({ type: 'start', nowMs: this.nowMs })
  }

  /** Neighbours of weight 1 / (1 + their number). */
  members(peers: readonly string[], expected: readonly string[] = []): readonly Action[] {
    const neighbours: Neighbour[] = peers.map(peer => ({ peer, weight: 1 / (1 + peers.length) }))
    return this.machine.handle({ type: 'members', neighbours, expected, nowMs: this.nowMs })
  }

  trained(loss = 0): readonly Action[] {
    return this.machine.handle({ type: 'trained', loss, nowMs: this.nowMs })
  }

  timeout(): readonly Action[] {
    return this.machine.handle({ type: 'timeout', nowMs: this.nowMs })
  }

  update(from: string, update: Update): readonly Action[] {
    return this.machine.handle({ type: 'update', from, update, nowMs: this.nowMs })
  }

  /** A peer's model, all of it `value`. */
  message(kind: UpdateKind, round: number, value: number): Update {
    const model = new Float32Array(this.parameters.length).fill(value)
    return { kind, round, payload: this.compressor.encode(model, createRng('peer')) }
  }

  model(from: string, round: number, value = 3): readonly Action[] {
    return this.update(from, this.message('model', round, value))
  }
}

export function ofType<T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }>[] {
  return actions.filter((action): action is Extract<Action, { type: T }> => action.type === type)
}

/** The one action of a type that is expected. */
export function only<T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }> {
  const found = ofType(actions, type)
  assert.is(found.length, 1, `expected one "${type}" among: ${actions.map(action => action.type).join(', ')}`)
  return found[0]
}

export function reasons(actions: readonly Action[]): RejectReason[] {
  return ofType(actions, 'reject').map(({ reason }) => reason)
}
