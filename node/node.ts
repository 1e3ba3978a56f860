import { EventEmitter } from 'node:events'
import { decodePredictions, encodeExamples, type LoadedData, type Prediction, type Schema } from '../data/index.js'
import { sharedFloats, type Evaluation, type Predictor, type Trainer } from '../engine/index.js'
import { createAveraging } from '../learning/averaging/create-averaging.js'
import { createCompressor } from '../learning/compression/create-compressor.js'
import type { Layout } from '../learning/parameters.js'
import { createRng } from '../learning/rng.js'
import { createRoundMemory } from '../learning/round-memory/create-round-memory.js'
import { parseSharing } from '../learning/sharing.js'
import type { RoundResult } from '../learning/events.js'
import { RoundMachine } from '../learning/round-machine.js'
import type { MemberRecord, Task } from '../protocols/index.js'
import type { Start } from './beginning.js'
import { CheckpointWriter } from './checkpoint/index.js'
import type { Conduct } from './conduct.js'
import { Driver, type RoundTiming } from './driver.js'
import type { Home } from './home.js'
import { Peering, type PeeringComponents, type PeeringInit } from './peering.js'
import { reconstructionErrors } from './reconstruction.js'
import type { NodeStatus, PeerStatus } from './status.js'
import type { Traffic } from './traffic.js'

/** One round of this node, as it ended. */
export interface RoundRecord extends RoundResult {
  /** Missing when no evaluation was due. */
  readonly evaluation: Evaluation | undefined
  /** Bytes over all connections since the start, everything in. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Since learning started. */
  readonly seconds: number
  /** CPU of the process since learning started, evaluation left out: training, averaging, network. */
  readonly cpuSeconds: number
}

/** What a node's model answers, and which model it was. */
export interface Answer {
  /** One for each example, in their order. */
  readonly predictions: readonly Prediction[]
  /** The round that the model is the result of; 0: untrained. */
  readonly round: number
  /** Counts the models that this node has had since it started: a larger one is a later model. */
  readonly version: number
  /** The peer that has answered. */
  readonly node: string
}

interface NodeEvents {
  /** An averaging has ended; `parameters` is the model at this instant. */
  averaged: [result: RoundResult, parameters: Float32Array, timing: RoundTiming]
  /** A round has ended and been evaluated, if that was due. */
  round: [record: RoundRecord]
  /** The last round has ended. The node goes on answering peers and predictions. */
  finished: []
  /** No round begins until it is resumed; the one under way still ends. */
  paused: []
  resumed: []
  /** Learning cannot go on. */
  failed: [error: Error]
}

export interface NodeComponents extends Omit<PeeringComponents, 'rng'> {
  readonly trainer: Trainer
  readonly predictor: Predictor
  /** The folder that keeps its identity; the node closes it. */
  readonly home: Home | undefined
}

export interface NodeInit extends Pick<
  PeeringInit,
  'task' | 'taskId' | 'contacts' | 'discovered' | 'admits' | 'firstSequence'
> {
  readonly layout: Layout
  readonly data: LoadedData
  readonly start: Start
  readonly rounds: number
  readonly evaluateEvery: number
  readonly minRoundMs: number
}

/** How long a node that stops waits for peers to read what it has sent. */
const drainMs = 1000

/** One device: it learns from its own rows, averages with its neighbours, and answers predictions by itself. */
export class MurmurNode extends EventEmitter<NodeEvents> {
  readonly #parts: NodeComponents
  readonly #init: NodeInit
  readonly #machine: RoundMachine
  readonly #parameters: Float32Array
  readonly #driver: Driver
  readonly #peering: Peering
  readonly #optimizerState: Float32Array
  /** What the round memory remembers, shared with the worker; empty without one. */
  readonly #memoryState: Float32Array
  /** Only with a home to write to. */
  readonly #checkpoints: CheckpointWriter | undefined
  readonly #conduct: Conduct
  #startedMs = 0
  /** Of the model that predictions come from. */
  #published: { readonly round: number; readonly version: number }
  /** When learning started, was resumed, or a round last ended. */
  #progressMs = 0
  #paused = false
  #failure: Error | undefined
  #cpuAtStart = process.cpuUsage()
  #last: RoundRecord | undefined
  #evaluation: Evaluation | undefined
  #opening: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(components: NodeComponents, init: NodeInit) {
    super()
    this.#parts = components
    this.#init = init
    const { host, traffic, trainer, clock, log, home, conduct } = components
    this.#conduct = conduct
    const { task, layout, start, rounds, evaluateEvery, minRoundMs } = init
    const self = host.peerId.toString()
    const rng = createRng(task.seed).fork(self)
    const compressor = createCompressor(task.compress, layout)
    const parameters = sharedFloats(layout.size)
    const work = sharedFloats(layout.size)
    parameters.set(start.parameters)
    this.#parameters = parameters
    this.#published = this.#publish(start.round)
    this.#optimizerState = sharedFloats(trainer.stateSize)
    // Another backend may have kept its own.
    if (start.optimizerState?.length === trainer.stateSize) this.#optimizerState.set(start.optimizerState)
    this.#memoryState = sharedFloats(task.roundMemory === undefined ? 0 : layout.size)
    if (start.roundMemory?.length === this.#memoryState.length) this.#memoryState.set(start.roundMemory)
    if (home !== undefined) {
      const subject = { task, schema: this.localSchema }
      this.#checkpoints = new CheckpointWriter({ store: home.checkpoints, clock, log }, subject)
    }
    const averaging = createAveraging(task.averaging, layout.size)
    const { roundMemory, localSteps, training } = task
    const memoryInit = { ...training, localSteps, state: this.#memoryState }
    const memory = roundMemory === undefined ? undefined : createRoundMemory(roundMemory, memoryInit)
    this.#machine = new RoundMachine({
      parameters,
      work,
      averaging,
      compressor,
      rng,
      localSteps,
      sharing: task.sharing === undefined ? undefined : parseSharing(task.sharing),
      memory,
      rounds,
      round: start.round,
      stepsTaken: start.stepsTaken,
      strategyState: start.strategyState,
      minRoundMs
    })
    this.#peering = new Peering(
      { ...components, rng },
      {
        ...init,
        layoutHash: layout.hash,
        maxUpdateBytes: averaging.maxUpdateBytes?.(compressor) ?? compressor.maxBytes,
        snapshot: () => ({ round: this.#machine.round, parameters }),
        onUpdate: (from, update) => this.#driver.updateArrived(from, update),
        onNeighbours: (neighbours, expected, size) => {
          log.info('neighbours', { linked: neighbours.map(({ peer }) => peer), awaited: expected })
          this.#driver.membersChanged(neighbours, expected, size)
        }
      }
    )
    this.#driver = new Driver(
      { machine: this.#machine, trainer, exchange: this.#peering.exchange, clock, log },
      {
        parameters,
        work,
        optimizerState: this.#optimizerState,
        evaluateEvery,
        rounds,
        bytesSent: () => traffic.total.sent,
        // Local steps go on while the round before is written: a crash takes one round, however slow the disk is.
        beforeAveraging: this.#checkpoints === undefined ? undefined : () => this.#checkpoints!.caughtUp(),
        onAveraged: (result, timing) => this.#averaged(result, timing),
        onRound: (result, evaluation) => this.#roundEnded(result, evaluation),
        onRejected: (peer, reason) => conduct.record(peer, reason),
        onFinished: () => this.emit('finished'),
        onFailed: error => {
          this.#failure = error
          this.emit('failed', error)
        }
      }
    )
  }

  get peerId(): string {
    return this.#parts.host.peerId.toString()
  }

  get task(): Task {
    return this.#init.task
  }

  /** The last round; Infinity: it learns until it is stopped. */
  get rounds(): number {
    return this.#init.rounds
  }

  /** Bytes that went over the network. */
  get traffic(): Traffic {
    return this.#parts.traffic
  }

  /** Multiaddrs that other devices can join with. */
  get addresses(): readonly string[] {
    return this.#parts.host.getMultiaddrs().map(String)
  }

  /** The task's schema, with the columns of a table as this node scales them. */
  get localSchema(): Schema {
    const { schema, columns } = this.#init.data
    return schema.kind === 'table' && columns !== undefined ? { ...schema, columns } : schema
  }

  /** The model now, as a copy. */
  get parameters(): Float32Array {
    return this.#parameters.slice()
  }

  /** Tell the node of others, before they speak for themselves. */
  introduce(members: readonly MemberRecord[]): void {
    this.#peering.introduce(members)
  }

  /** Accept links and look for neighbours, without learning yet. */
  async open(): Promise<void> {
    if (this.#stopping === undefined) this.#opening ??= this.#peering.start()
    await this.#opening
  }

  /**
   * Wait until so many members, this node among them, are known and all neighbours are linked.
   *
   * @returns false when that did not happen in time, or before the node was stopped
   */
  async linked(members: number, timeoutMs: number): Promise<boolean> {
    if (this.#stopping !== undefined) return false
    return this.#peering.linked(members, timeoutMs)
  }

  /** Start to learn. */
  start(): void {
    this.#startedMs = this.#parts.clock.now()
    this.#progressMs = this.#startedMs
    this.#cpuAtStart = process.cpuUsage()
    this.#driver.start()
  }

  /** Learn nothing until `resume`, once the round under way has ended; go on answering peers and predictions. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#driver.pause()
    this.emit('paused')
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#progressMs = this.#parts.clock.now()
    this.#driver.resume()
    this.emit('resumed')
  }

  /** Let commands on this machine find the node at `url`, through its home folder. */
  announceControl(url: string): void {
    this.#parts.home?.writeControl({ pid: process.pid, url })
  }

  /** Stop learning, say goodbye, close everything. Can be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /**
   * Answer from this node's own model, as the last averaging left it; no peer is asked, and no training step waited for. An
   * autoencoder answers with its error, the larger the less usual the example.
   *
   * @param examples - rows as objects or arrays (table), or arrays of pixels (image)
   * @throws InvalidExampleError naming the example and field
   */
  async predict(examples: readonly unknown[]): Promise<Answer> {
    const { schema, columns } = this.#init.data
    const features = encodeExamples(examples, schema, columns)
    const { predictions: outputs, round, version } = await this.#parts.predictor.predict(features, examples.length)
    const predictions =
      this.task.training.target === 'input'
        ? reconstructionErrors(features, outputs, examples.length)
        : decodePredictions(outputs, schema.label)
    return { predictions, round, version, node: this.peerId }
  }

  status(): NodeStatus {
    const { task, taskId, layout, data, start } = this.#init
    const { traffic, trainer, clock } = this.#parts
    const { phase, round, awaited } = this.#machine
    return {
      peer: this.peerId,
      addresses: this.addresses,
      task: { id: taskId, name: task.name },
      model: {
        parameters: layout.size,
        layoutHash: layout.hash,
        backend: trainer.backend,
        ...this.#published,
        origin: this.#published.round > start.round ? 'learned' : start.origin
      },
      data: { trainRows: data.split.train.rows, testRows: data.split.test.rows },
      round,
      phase: this.#driver.isHeld ? 'paused' : phase,
      paused: this.#paused,
      failure: this.#failure?.message,
      sinceRoundSeconds: phase === 'idle' ? undefined : (clock.now() - this.#progressMs) / 1000,
      awaited,
      neighbours: this.#peering.neighbours,
      members: this.#peering.members.length,
      loss: this.#last?.loss,
      evaluation: this.#evaluation,
      bytes: traffic.total,
      rejected: this.#conduct.total,
      bans: this.#conduct.bans,
      checkpointRound: this.#checkpoints?.round,
      uptimeSeconds: (clock.now() - this.#startedMs) / 1000
    }
  }

  /** Messages refused, by reason, of each peer that sent any. */
  get rejectedFrom(): Conduct['each'] {
    return this.#conduct.each
  }

  /** What is known of each other member. */
  peers(): PeerStatus[] {
    return this.#peering.peers()
  }

  async #stop(): Promise<void> {
    const { host, trainer, predictor, home } = this.#parts
    this.#peering.giveUpLinking()
    this.#driver.stop()
    // What is half open cannot be closed; that it failed is told to who opened it.
    await this.#opening?.catch(() => {})
    await this.#peering.stop(drainMs)
    await trainer.stop()
    await predictor.stop()
    await host.stop()
    await this.#checkpoints?.flush()
    await home?.close()
  }

  /** Let predictions come from the model as it is. */
  #publish(round: number): { readonly round: number; readonly version: number } {
    const { predictor, trainer } = this.#parts
    return { round, version: predictor.publish(round, this.#parameters, trainer.statistics) }
  }

  #averaged(result: RoundResult, timing: RoundTiming): void {
    this.#published = this.#publish(result.round)
    this.#progressMs = this.#parts.clock.now()
    this.#checkpoints?.save({
      round: result.round,
      stepsTaken: this.#machine.stepsTaken,
      parameters: this.#parameters,
      statistics: this.#parts.trainer.statistics,
      optimizerState: this.#optimizerState,
      roundMemory: this.#memoryState,
      strategyState: this.#machine.strategyState
    })
    this.emit('averaged', result, this.#parameters, timing)
  }

  #roundEnded(result: RoundResult, evaluation: Evaluation | undefined): void {
    const { clock, traffic } = this.#parts
    const { user, system } = process.cpuUsage(this.#cpuAtStart)
    this.#evaluation = evaluation ?? this.#evaluation
    this.#last = {
      ...result,
      evaluation,
      bytesSent: traffic.total.sent,
      bytesReceived: traffic.total.received,
      seconds: (clock.now() - this.#startedMs) / 1000,
      cpuSeconds: (user + system) / 1e6 - this.#driver.cpu.evaluationMs / 1000
    }
    this.emit('round', this.#last)
  }
}
