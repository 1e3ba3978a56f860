import type { Neighbour, RejectReason, Update } from '../learning/averaging/averaging.js'
import type { Action, Event, RoundResult } from '../learning/events.js'
import type { RoundMachine } from '../learning/round-machine.js'
import type { Evaluation, Trainer } from '../engine/index.js'
import type { Exchange } from '../protocols/index.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

/** What training gives that has nothing to do. */
const noSteps = Promise.resolve({ loss: NaN, cpuMs: 0 })

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never

export interface DriverComponents {
  readonly machine: RoundMachine
  readonly trainer: Pick<Trainer, 'train' | 'evaluate'>
  readonly exchange: Pick<Exchange, 'send'>
  readonly clock: Clock
  readonly log: Logger
}

export interface DriverInit {
  /** The vectors that the machine was created with. */
  readonly parameters: Float32Array
  readonly work: Float32Array
  /** Of the optimiser, shared with the worker; training changes it. Empty: the worker keeps its own. */
  readonly optimizerState: Float32Array
  /** Evaluate after every so many rounds, and after the last; 0: never. */
  readonly evaluateEvery: number
  readonly rounds: number
  /** By this node, since it started. @default nothing */
  readonly bytesSent?: () => number
  /** Local steps have ended; their averaging begins when this resolves. @default at once */
  readonly beforeAveraging?: () => Promise<void>
  /** A round has ended. The parameters, and the optimiser's state, are those of its end until this returns. */
  readonly onAveraged: (result: RoundResult, timing: RoundTiming) => void
  /** Its evaluation, when one was due, has ended; called for every round, in order. */
  readonly onRound: (result: RoundResult, evaluation: Evaluation | undefined) => void
  readonly onRejected: (peer: string, reason: RejectReason) => void
  readonly onFinished: () => void
  /** Learning cannot go on: the training worker is gone. */
  readonly onFailed: (error: Error) => void
}

/** CPU time of the worker, by what it was spent on. */
export interface WorkerCpu {
  trainingMs: number
  evaluationMs: number
}

/** How long the parts of a round took. */
export interface RoundTiming {
  /** All local steps, as the clock sees them. */
  readonly trainingMs: number
  /** From the end of the local steps to that of the averaging. */
  readonly averagingMs: number
  /** Local steps; 0 in a round of averaging alone. */
  readonly steps: number
}

/** Performs what the round machine decides: local steps in the worker, updates over the exchange, waits on the clock. */
export class Driver {
  readonly #parts: DriverComponents
  readonly #init: DriverInit
  readonly cpu: WorkerCpu = { trainingMs: 0, evaluationMs: 0 }
  #cancelWait = (): void => {}
  /** Local steps of the round under way. */
  #steps = 0
  #trainingSinceMs = 0
  #averagingSinceMs = 0
  #paused = false
  /** Local steps that wait for `resume`. */
  #held: (() => void) | undefined
  #stopped = false
  /** Evaluations end in the order in which they began, so rounds are reported in order. */
  #reported: Promise<void> = Promise.resolve()

  constructor(components: DriverComponents, init: DriverInit) {
    this.#parts = components
    this.#init = init
  }

  start(): void {
    this.#handle({ type: 'start' })
  }

  stop(): void {
    this.#stopped = true
    this.#cancelWait()
  }

  /** Begin no further round; the one under way ends, and neighbours are answered as before. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    const held = this.#held
    this.#held = undefined
    held?.()
  }

  /** Whether a round would be under way, were it not for `pause`. */
  get isHeld(): boolean {
    return this.#held !== undefined
  }

  membersChanged(neighbours: readonly Neighbour[], expected: readonly string[], swarmSize: number): void {
    this.#handle({ type: 'members', neighbours, expected, swarmSize })
  }

  updateArrived(from: string, update: Update): void {
    this.#handle({ type: 'update', from, update })
  }

  #handle(event: WithoutTime<Event>): void {
    if (this.#stopped) return
    const { machine, clock } = this.#parts
    for (const action of machine.handle({ ...event, nowMs: clock.now() })) this.#perform(action)
  }

  #perform(action: Action): void {
    const { exchange, clock, log } = this.#parts
    switch (action.type) {
      case 'train': {
        const train = (): void => this.#train(action)
        if (this.#paused) this.#held = train
        else train()
        return
      }
      case 'send': {
        const dropped = exchange.send(action.to, action.update)
        if (dropped > 0) log.debug('updates dropped, the peer reads too slowly', { peer: action.to, dropped })
        return
      }
      case 'wait':
        this.#cancelWait()
        this.#cancelWait = clock.after(Math.max(0, action.untilMs - clock.now()), () =>
          this.#handle({ type: 'timeout' })
        )
        return
      case 'reject':
        return this.#init.onRejected(action.from, action.reason)
      case 'diverged':
        log.warn('local steps ended in numbers that are not finite; they were discarded. Lower the learning rate.', {
          round: action.round,
          loss: action.loss
        })
        return
      case 'averaged':
        this.#cancelWait()
        return this.#averaged(action)
      case 'finished':
        void this.#reported.then(() => this.#init.onFinished())
    }
  }

  #train({ firstStep, steps, offset }: Extract<Action, { type: 'train' }>): void {
    this.#steps = steps
    const { work, optimizerState } = this.#init
    const state = optimizerState.length > 0 ? optimizerState : undefined
    this.#trainingSinceMs = this.#parts.clock.now()
    const trained = steps > 0 ? this.#parts.trainer.train(work, { firstStep, steps, state, offset }) : noSteps
    trained.then(
      ({ loss, cpuMs }) => {
        this.cpu.trainingMs += cpuMs
        this.#averagingSinceMs = this.#parts.clock.now()
        const average = (): void => this.#handle({ type: 'trained', loss, bytesSent: this.#init.bytesSent?.() })
        const ready = this.#init.beforeAveraging?.()
        if (ready === undefined) average()
        else void ready.then(average)
      },
      (error: unknown) => this.#fail(error)
    )
  }

  #averaged(result: RoundResult): void {
    const { parameters, evaluateEvery, rounds, onAveraged, onRound } = this.#init
    onAveraged(result, {
      trainingMs: this.#averagingSinceMs - this.#trainingSinceMs,
      averagingMs: this.#parts.clock.now() - this.#averagingSinceMs,
      steps: this.#steps
    })
    const due = evaluateEvery > 0 && (result.round % evaluateEvery === 0 || result.round === rounds)
    const evaluation = due ? this.#parts.trainer.evaluate(parameters) : undefined
    const before = this.#reported
    this.#reported = Promise.all([evaluation, before]).then(
      ([figures]) => {
        if (figures !== undefined) this.cpu.evaluationMs += figures.cpuMs
        onRound(result, figures)
      },
      (error: unknown) => this.#fail(error)
    )
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.stop()
    this.#init.onFailed(error as Error)
  }
}
