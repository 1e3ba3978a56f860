import type { Evaluation } from '../engine/index.js'
import type { Neighbour, RejectReason, Update } from '../learning/averaging/averaging.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import type { Scratch } from '../learning/averaging/scratch.js'
import type { Compressor } from '../learning/compression/compressor.js'
import type { Rng } from '../learning/rng.js'
import { RoundMachine, type Action, type Event, type RoundResult } from '../learning/round-machine.js'
import type { Lookahead } from './lookahead.js'
import type { VirtualClock } from './virtual-clock.js'
import { wireBytes } from './wire-bytes.js'
import type { Trained, Workforce } from './workforce.js'

/** One round of a virtual node. Times are virtual. */
export interface VirtualRound {
  readonly result: RoundResult
  readonly evaluation: Evaluation | undefined
  /** Updates handed to links and taken from them since the start, as `wireBytes` counts. */
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly seconds: number
  /** Spent on local steps since the start. */
  readonly computeSeconds: number
  /** Local steps since the start. */
  readonly steps: number
}

export interface VirtualNodeComponents {
  readonly clock: VirtualClock
  readonly workforce: Workforce
  readonly lookahead: Lookahead
  readonly compressor: Compressor
  /** Shared by all nodes of the thread, as is the compressor. */
  readonly scratch: Scratch
}

export interface VirtualNodeInit {
  readonly index: number
  readonly parameters: Float32Array
  readonly averaging: string
  readonly swarmSize: number
  readonly rng: Rng
  readonly localSteps: number
  readonly rounds: number
  /** 0: never. */
  readonly evaluateEvery: number
  /** Virtual milliseconds that a local step takes. */
  readonly stepMs: number
  readonly onSend: (to: string, update: Update, bytes: number) => void
  readonly onAveraged: (result: RoundResult, parameters: Float32Array) => void
  readonly onRound: (round: VirtualRound) => void
  readonly onRejected: (peer: string, reason: RejectReason) => void
  readonly onFinished: () => void
}

/** Performs what a round machine decides on virtual time, as the driver of a device does on real time. */
export class VirtualNode {
  readonly parameters: Float32Array
  readonly #parts: VirtualNodeComponents
  readonly #init: VirtualNodeInit
  readonly #machine: RoundMachine
  readonly #averagesMeanwhile: boolean
  /** The result of local steps, lent for as long as the machine handles them. */
  #lent: Float32Array | undefined
  #alarmMs = Infinity
  #wantedMs = Infinity
  #bytesSent = 0
  #bytesReceived = 0
  #steps = 0
  #online = true
  /** What the node slept through on its own side: the end of its local steps, its alarms. */
  readonly #missed: (() => void | Promise<void>)[] = []

  constructor(components: VirtualNodeComponents, init: VirtualNodeInit) {
    this.#parts = components
    this.#init = init
    const { parameters, localSteps, rounds, rng } = init
    const { compressor, scratch } = components
    const averaging = createAveraging(init.averaging, parameters.length, scratch)
    this.parameters = parameters
    this.#averagesMeanwhile = !averaging.synchronous
    const work = (): Float32Array => this.#lent ?? this.#machine.start
    this.#machine = new RoundMachine({
      parameters,
      get work() {
        return work()
      },
      averaging,
      compressor,
      rng,
      localSteps,
      rounds
    })
  }

  get online(): boolean {
    return this.#online
  }

  get round(): number {
    return this.#machine.round
  }

  start(): void {
    this.#handle({ type: 'start', nowMs: this.#parts.clock.nowMs })
  }

  membersChanged(neighbours: readonly Neighbour[], expected: readonly string[]): void {
    const { swarmSize } = this.#init
    this.#handle({ type: 'members', neighbours, expected, swarmSize, nowMs: this.#parts.clock.nowMs })
  }

  updateArrived(from: string, update: Update, bytes: number): void {
    this.#bytesReceived += bytes
    this.#handle({ type: 'update', from, update, nowMs: this.#parts.clock.nowMs })
  }

  /** The device is shut like a lid: it does nothing until it wakes, and then goes on where it was. */
  sleep(): void {
    this.#online = false
  }

  wake(): void {
    this.#online = true
    for (const happening of this.#missed.splice(0)) this.#parts.clock.after(0, happening)
  }

  #handle(event: Event): void {
    for (const action of this.#machine.handle(event)) this.#perform(action)
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'train':
        return this.#train(action.firstStep, action.steps)
      case 'send':
        return this.#send(action.to, action.update)
      case 'wait':
        return this.#wait(action.untilMs)
      case 'reject':
        return this.#init.onRejected(action.from, action.reason)
      case 'diverged':
        return
      case 'averaged':
        this.#wantedMs = Infinity
        return this.#averaged(action)
      case 'finished':
        return this.#parts.clock.after(this.#roundMs, () => this.#init.onFinished())
    }
  }

  #train(firstStep: number, steps: number): void {
    const { clock, lookahead, workforce } = this.#parts
    const node = this.#init.index
    const request = { node, parameters: this.#machine.start, firstStep, steps }
    const assignment = lookahead.assign(clock.nowMs + this.#roundMs, () => workforce.train(request))
    this.#steps += steps
    this.#after(this.#roundMs, () => {
      const trained = lookahead.take(assignment)
      return trained instanceof Promise ? trained.then(later => this.#trained(later)) : this.#trained(trained)
    })
  }

  #trained(trained: Trained): void {
    this.#lent = trained.parameters
    this.#handle({ type: 'trained', loss: trained.loss, nowMs: this.#parts.clock.nowMs })
    this.#lent = undefined
    trained.release()
  }

  #send(to: string, update: Update): void {
    const bytes = wireBytes(update)
    this.#bytesSent += bytes
    this.#init.onSend(to, update, bytes)
  }

  /** At most one alarm is set, or the queue would fill with alarms of rounds that ended long before. */
  #wait(untilMs: number): void {
    this.#wantedMs = untilMs
    if (untilMs < this.#alarmMs) this.#setAlarm(untilMs)
  }

  #setAlarm(atMs: number): void {
    this.#alarmMs = atMs
    this.#after(Math.max(0, atMs - this.#parts.clock.nowMs), () => {
      if (this.#alarmMs !== atMs) return
      this.#alarmMs = Infinity
      if (this.#wantedMs === Infinity) return
      if (this.#wantedMs > this.#parts.clock.nowMs) this.#setAlarm(this.#wantedMs)
      else this.#handle({ type: 'timeout', nowMs: this.#parts.clock.nowMs })
    })
  }

  #averaged(result: RoundResult): void {
    const { index, rounds, evaluateEvery, stepMs, onAveraged, onRound } = this.#init
    const { clock, lookahead, workforce } = this.#parts
    onAveraged(result, this.parameters)
    const bytesSent = this.#bytesSent
    const bytesReceived = this.#bytesReceived
    const seconds = clock.nowMs / 1000
    const steps = this.#steps
    const computeSeconds = (steps * stepMs) / 1000
    const report = (evaluation: Evaluation | undefined): void =>
      onRound({ result, evaluation, bytesSent, bytesReceived, seconds, computeSeconds, steps })
    const due = evaluateEvery > 0 && (result.round % evaluateEvery === 0 || result.round === rounds)
    if (!due) return report(undefined)
    // A device evaluates while it trains on; its model stands still until then, or is copied.
    const model = this.#averagesMeanwhile ? this.parameters.slice() : this.parameters
    const assignment = lookahead.assign(clock.nowMs + this.#roundMs, () => workforce.evaluate(index, model))
    clock.after(this.#roundMs, () => {
      const evaluation = lookahead.take(assignment)
      return evaluation instanceof Promise ? evaluation.then(report) : report(evaluation)
    })
  }

  get #roundMs(): number {
    return this.#init.stepMs * this.#init.localSteps
  }

  /** Something that the node does by itself: it waits until the node is awake. */
  #after(ms: number, run: () => void | Promise<void>): void {
    this.#parts.clock.after(ms, () => {
      if (this.#online) return run()
      this.#missed.push(run)
    })
  }
}
