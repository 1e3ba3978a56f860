import type { Evaluation } from '../engine/index.js'
import type { Neighbour, RejectReason, Update } from '../learning/averaging/averaging.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import type { Scratch } from '../learning/averaging/scratch.js'
import type { Compressor } from '../learning/compression/compressor.js'
import type { Rng } from '../learning/rng.js'
import type { RoundMemory } from '../learning/round-memory/round-memory.js'
import type { Sharing } from '../learning/sharing.js'
import type { Action, Event, RoundResult } from '../learning/events.js'
import { RoundMachine } from '../learning/round-machine.js'
import type { VectorPool } from '../learning/vector-pool.js'
import { Assignment, type Beginner, type Lookahead } from './lookahead.js'
import type { Mailboxes } from './mailboxes.js'
import type { Occurrence, VirtualClock } from './virtual-clock.js'
import { wireBytes } from './wire-bytes.js'
import type { Trained, Work, Workforce } from './workforce.js'

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

/** What all nodes of a swarm share; whatever a node does is told with its index. */
export interface VirtualNodeComponents {
  readonly clock: VirtualClock
  readonly workforce: Workforce
  readonly lookahead: Lookahead
  readonly mailboxes: Mailboxes
  readonly compressor: Compressor
  readonly scratch: Scratch
  readonly bases: VectorPool
  readonly averaging: string
  readonly swarmSize: number
  readonly localSteps: number
  readonly sharing: Sharing | undefined
  /** For each node, with zeros. */
  readonly createMemory: ((state: Float32Array) => RoundMemory) | undefined
  readonly rounds: number
  readonly onSend: (node: number, to: string, update: Update, bytes: number) => void
  readonly onAveraged: (node: number, result: RoundResult, parameters: Float32Array) => void
  readonly onRound: (node: number, round: VirtualRound) => void
  readonly onRejected: (node: number, peer: string, reason: RejectReason) => void
  readonly onFinished: (node: number) => void
}

export interface VirtualNodeInit {
  readonly index: number
  readonly parameters: Float32Array
  readonly rng: Rng
  /** 0: never. */
  readonly evaluateEvery: number
  /** Virtual milliseconds that a local step takes. */
  readonly stepMs: number
}

type TrainAction = Extract<Action, { type: 'train' }>

/** Alarms are numbered from 1. */
const LOCAL_STEPS_END = 0

/** Performs what a round machine decides on virtual time, as the driver of a device does on real time. */
export class VirtualNode implements Occurrence, Beginner<Trained> {
  readonly parameters: Float32Array
  readonly #parts: VirtualNodeComponents
  readonly #index: number
  readonly #evaluateEvery: number
  readonly #stepMs: number
  readonly #machine: RoundMachine
  readonly #averagesMeanwhile: boolean
  #neighbours = 0
  readonly #training = new Assignment<Trained>(this)
  /** The local steps under way, as `train` has them. */
  #firstStep = 0
  #steps = 0
  #offset: Float32Array | undefined
  #alarmMs = Infinity
  /** The number of the alarm that was set last; any other one has been replaced. */
  #alarm = 0
  #wantedMs = Infinity
  #bytesSent = 0
  #stepCount = 0
  #online = true
  /** What the node slept through on its own side, as `happen` was told. */
  #missed: number[] | undefined

  constructor(components: VirtualNodeComponents, { index, parameters, rng, evaluateEvery, stepMs }: VirtualNodeInit) {
    this.#parts = components
    this.#index = index
    this.#evaluateEvery = evaluateEvery
    this.#stepMs = stepMs
    const { compressor, scratch, bases, localSteps, sharing, createMemory, rounds } = components
    const memory = createMemory?.(new Float32Array(parameters.length))
    const averaging = createAveraging(components.averaging, parameters.length, scratch)
    this.parameters = parameters
    this.#averagesMeanwhile = !averaging.synchronous
    const shared = { averaging, compressor, bases, localSteps, sharing, rounds }
    this.#machine = new RoundMachine({ parameters, rng, memory, ...shared })
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
    const { swarmSize, clock } = this.#parts
    this.#neighbours = neighbours.length
    this.#handle({ type: 'members', neighbours, expected, swarmSize, nowMs: clock.nowMs })
  }

  /** Enough updates wait for the machine to be told. */
  updatesArrived(): void {
    this.#tellArrived()
    this.#expectUpdates()
  }

  /** The device is shut like a lid: it does nothing until it wakes, and then goes on where it was. */
  sleep(): void {
    this.#online = false
  }

  wake(): void {
    this.#online = true
    const missed = this.#missed ?? []
    this.#missed = undefined
    for (const detail of missed) this.#parts.clock.afterAt(this.#index, 0, this, detail)
  }

  /** @param detail - `LOCAL_STEPS_END`, or the number of the alarm that rings */
  happen(detail: number): void | Promise<void> {
    if (!this.#online) (this.#missed ??= []).push(detail)
    else if (detail === LOCAL_STEPS_END) return this.#endLocalSteps()
    else if (detail === this.#alarm) this.#ring()
  }

  #endLocalSteps(): void | Promise<void> {
    if (this.#steps === 0) return this.#handleTrained(NaN)
    const trained = this.#parts.lookahead.take(this.#training)
    return trained instanceof Promise ? trained.then(later => this.#trained(later)) : this.#trained(trained)
  }

  #handle(event: Event): void {
    this.#tellArrived()
    this.#tell(event)
    this.#expectUpdates()
  }

  #tellArrived(): void {
    const { mailboxes } = this.#parts
    for (let event = mailboxes.next(this.#index); event !== undefined; event = mailboxes.next(this.#index)) {
      this.#tell(event)
    }
  }

  #expectUpdates(): void {
    this.#parts.mailboxes.expect(this.#index, this.#fewestUpdates)
  }

  #tell(event: Event): void {
    for (const action of this.#machine.handle(event)) this.#perform(action)
  }

  /**
   * How many updates it takes for the machine to do more than keep them. A synchronous round ends with the last of its updates
   * and does nothing before; among thousands of nodes a machine has left the processor's caches between one and the next, so
   * they are told together, each with its own time. During local steps no more wait than there are neighbours: only the machine
   * bounds what a peer may have it hold.
   */
  get #fewestUpdates(): number {
    if (this.#averagesMeanwhile) return 1
    const { phase } = this.#machine
    if (phase === 'averaging') return this.#machine.awaitedCount
    return phase === 'training' ? this.#neighbours : 1
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'train':
        return this.#train(action)
      case 'send':
        return this.#send(action.to, action.update)
      case 'wait':
        return this.#wait(action.untilMs)
      case 'reject':
        return this.#parts.onRejected(this.#index, action.from, action.reason)
      case 'diverged':
        return
      case 'averaged':
        this.#wantedMs = Infinity
        return this.#averaged(action)
      case 'finished':
        return this.#parts.clock.afterAt(this.#index, this.#roundMs, () => this.#parts.onFinished(this.#index))
    }
  }

  #train({ firstStep, steps, offset }: TrainAction): void {
    const { clock, lookahead } = this.#parts
    this.#steps = steps
    if (steps === 0) return clock.afterAt(this.#index, 0, this, LOCAL_STEPS_END)
    this.#firstStep = firstStep
    this.#offset = offset
    lookahead.assign(this.#index, clock.nowMs + this.#roundMs, this.#training)
    this.#stepCount += steps
    clock.afterAt(this.#index, this.#roundMs, this, LOCAL_STEPS_END)
  }

  /** Begin the local steps under way. */
  begin(): Work<Trained> {
    return this.#parts.workforce.train({
      node: this.#index,
      parameters: this.#machine.start,
      firstStep: this.#firstStep,
      steps: this.#steps,
      offset: this.#offset
    })
  }

  #trained(trained: Trained): void {
    this.#handleTrained(trained.loss, trained.parameters)
    trained.release()
  }

  #handleTrained(loss: number, work?: Float32Array): void {
    this.#handle({ type: 'trained', loss, work, bytesSent: this.#bytesSent, nowMs: this.#parts.clock.nowMs })
  }

  #send(to: string, update: Update): void {
    const bytes = wireBytes(update)
    this.#bytesSent += bytes
    this.#parts.onSend(this.#index, to, update, bytes)
  }

  /** At most one alarm is set, or the queue would fill with alarms of rounds that ended long before. */
  #wait(untilMs: number): void {
    this.#wantedMs = untilMs
    if (untilMs < this.#alarmMs) this.#setAlarm(untilMs)
  }

  #setAlarm(atMs: number): void {
    this.#alarmMs = atMs
    this.#parts.clock.afterAt(this.#index, Math.max(0, atMs - this.#parts.clock.nowMs), this, ++this.#alarm)
  }

  #ring(): void {
    this.#alarmMs = Infinity
    if (this.#wantedMs === Infinity) return
    if (this.#wantedMs > this.#parts.clock.nowMs) this.#setAlarm(this.#wantedMs)
    else this.#handle({ type: 'timeout', nowMs: this.#parts.clock.nowMs })
  }

  #averaged(result: RoundResult): void {
    const { clock, mailboxes, lookahead, workforce, sharing, rounds, onAveraged, onRound } = this.#parts
    const node = this.#index
    const evaluateEvery = this.#evaluateEvery
    onAveraged(node, result, this.parameters)
    const bytesSent = this.#bytesSent
    const bytesReceived = mailboxes.bytesReceived(node)
    const seconds = clock.nowMs / 1000
    const steps = this.#stepCount
    const computeSeconds = (steps * this.#stepMs) / 1000
    const due = evaluateEvery > 0 && (result.round % evaluateEvery === 0 || result.round === rounds)
    const round = { result, evaluation: undefined, bytesSent, bytesReceived, seconds, computeSeconds, steps }
    if (!due) return onRound(node, round)
    const report = (evaluation: Evaluation): void => onRound(node, { ...round, evaluation })
    // A device evaluates while it trains on; its model stands still until then, or is copied.
    const model = this.#averagesMeanwhile || sharing !== undefined ? this.parameters.slice() : this.parameters
    const assignment = new Assignment({ begin: () => workforce.evaluate(node, model) })
    lookahead.assign(node, clock.nowMs + this.#roundMs, assignment)
    clock.afterAt(node, this.#roundMs, () => {
      const evaluation = lookahead.take(assignment)
      return evaluation instanceof Promise ? evaluation.then(report) : report(evaluation)
    })
  }

  get #roundMs(): number {
    return this.#stepMs * this.#parts.localSteps
  }
}
