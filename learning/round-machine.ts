import type { Averaging, AveragingState, RejectReason, Step, Update } from './averaging/averaging.js'
import { checkCompressor } from './averaging/check-compressor.js'
import { Plausibility } from './averaging/plausibility.js'
import { BUDGET_STATE_BYTES, BudgetController } from './budget-controller.js'
import type { Compressor } from './compression/compressor.js'
import { isAdaptive } from './compression/adaptive.js'
import { joined } from './compression/joined.js'
import { Deadline, defaultDeadlineBounds, paceDeadlineBounds, type DeadlineBounds } from './deadline.js'
import type { Action, Event } from './events.js'
import { takeSteps } from './parameters.js'
import { Peers, type PeerRecord } from './peers.js'
import type { Rng } from './rng.js'
import type { RoundMemory } from './round-memory/round-memory.js'
import { checkLastRounds, checkSharing, checkSharingForm, sharesOnly, type Sharing } from './sharing.js'
import { VectorPool } from './vector-pool.js'

export interface RoundMachineInit {
  /** The node's model. The machine changes it, and nobody else. */
  readonly parameters: Float32Array
  /**
   * Same length; local steps run on it, so that `parameters` is never half trained. Whoever drives many machines may leave
   * it out, begin local steps at `start`, and lend their result to each `trained`.
   */
  readonly work?: Float32Array
  /** Of vectors as long; where a machine keeps where local steps began. @default one of its own */
  readonly bases?: VectorPool
  readonly averaging: Averaging
  readonly compressor: Compressor
  readonly rng: Rng
  readonly localSteps: number
  /** Rounds without local steps. @default none */
  readonly sharing?: Sharing
  /** @default none */
  readonly memory?: RoundMemory
  /** Stop after this round. @default Infinity */
  readonly rounds?: number
  /** The last round already done, by this node or by the peer that its parameters come from. @default 0 */
  readonly round?: number
  /** What the strategy had saved, when this node was here before. @default nothing */
  readonly strategyState?: Uint8Array
  /** Optimiser steps that this node has taken before. @default 0 */
  readonly stepsTaken?: number
  /** A round takes at least this long, so that a node alone does not burn its battery. @default 0 */
  readonly minRoundMs?: number
  /** @default as suits the strategy */
  readonly deadline?: DeadlineBounds
}

/** How far ahead of us an update may be before we stop believing it: months of absence, at a few seconds a round. */
const maxRoundsAhead = 1_000_000
/** How long one that keeps pace waits for those behind it. */
const longestAheadMs = 10_000
/** How far rounds of a strategy that does not keep step may be apart before who is behind catches up. */
const roundsApart = 4
/** Exchanges that one peer may open while this node does one round: a flood would leave nothing of our model. */
const maxOffersPerRound = 32

type MembersEvent = Extract<Event, { type: 'members' }>
type TrainedEvent = Extract<Event, { type: 'trained' }>

const nobody: readonly string[] = []
const nothingToDo: Action[] = []
/**
 * What the event under way has led to so far. A thread handles one event at a time, and a list that a machine had of its own would
 * tie the latest events of thousands of machines to memory that the garbage collector goes through again and again.
 */
let actions = nothingToDo

type Phase = 'idle' | 'training' | 'averaging' | 'resting' | 'finished'

/**
 * The round machine: local steps, then averaging, then the next round. It decides everything and performs nothing:
 * events go in, actions come out. A device, a simulation and a replay drive the same one.
 *
 * A message that is lost, late or refused changes nothing but a counter, and no dead peer can hold a round for longer
 * than its deadline.
 */
export class RoundMachine {
  readonly #averaging: Averaging
  readonly #work: Float32Array | undefined
  readonly #localSteps: number
  readonly #sharing: Sharing | undefined
  readonly #lastRound: number
  readonly #minRoundMs: number
  readonly #deadline: Deadline
  readonly #peers = new Peers()
  readonly #compressor: Compressor
  /** How long messages may be; undefined: as the compressor makes them. */
  readonly #budget: BudgetController | undefined
  /** Where local steps began, if that is not where `parameters` are: a strategy chose it, or has been given an update since then. */
  #base: Float32Array | undefined
  readonly #bases: VectorPool
  readonly #memory: RoundMemory | undefined
  #phase: Phase = 'idle'
  /** What the strategy works on, with the round and the neighbours of this machine. */
  readonly #state: { -readonly [Field in keyof AveragingState]: AveragingState[Field] }
  #stepsTaken: number
  /** Local steps of the round under way. */
  #steps = 0
  #loss = NaN
  #roundStartedMs = NaN
  /** What the latest `wait` named. */
  #untilMs = NaN

  /** @throws InvalidParametersError when the strategy cannot use the compressor, or some rounds cannot be without local steps */
  constructor(init: RoundMachineInit) {
    const { parameters, averaging, compressor, rng, round = 0, stepsTaken = 0 } = init
    checkCompressor(averaging, compressor)
    checkSharing(averaging, init.sharing)
    checkSharingForm(compressor, init.sharing)
    checkLastRounds(init.sharing, init.rounds ?? Infinity)
    this.#averaging = averaging
    this.#compressor = compressor
    this.#work = init.work
    this.#bases = init.bases ?? new VectorPool(parameters.length)
    this.#localSteps = init.localSteps
    this.#sharing = init.sharing
    this.#memory = init.memory
    this.#lastRound = init.rounds ?? Infinity
    this.#minRoundMs = init.minRoundMs ?? 0
    const bounds = averaging.keepsPace === true ? paceDeadlineBounds : defaultDeadlineBounds
    this.#deadline = new Deadline(init.deadline ?? bounds)
    const plausibility = new Plausibility()
    this.#state = { parameters, neighbours: [], swarmSize: 1, round, finished: false, compressor, rng, plausibility }
    this.#stepsTaken = stepsTaken
    const budgetBytes = isAdaptive(compressor) ? BUDGET_STATE_BYTES : 0
    const saved = init.strategyState
    if (isAdaptive(compressor)) this.#budget = new BudgetController(compressor, saved?.slice(0, budgetBytes))
    averaging.begin?.(parameters, round, saved?.slice(budgetBytes))
  }

  /** The round under way, or the last one when finished. */
  get round(): number {
    return this.#state.round
  }

  /** Where the local steps under way begin. It stays as it is until `trained`. */
  get start(): Float32Array {
    return this.#base ?? this.#state.parameters
  }

  /** Optimiser steps that this node has taken, in all its rounds. */
  get stepsTaken(): number {
    return this.#stepsTaken
  }

  /** What strategy and budget keep beside the parameters, for a restart; read it when a round has ended. */
  get strategyState(): Uint8Array {
    const strategy = this.#averaging.save?.() ?? new Uint8Array()
    return this.#budget === undefined ? strategy : joined(this.#budget.save(), strategy)
  }

  get phase(): Phase {
    return this.#phase
  }

  /**
   * The peers that an averaging under way still waits for: not for those ahead, who send nothing for it any more, and not
   * for those that the last deadline passed without, unless it was all of several. Whoever dies or freezes costs one deadline,
   * not one a round.
   */
  get awaited(): readonly string[] {
    return this.#missing().filter(peer => this.#isAwaited(this.#peers.get(peer)))
  }

  /** How many of them there are. */
  get awaitedCount(): number {
    const missing = this.#missing()
    if (this.#peers.areInStep(this.#state.round)) return missing.length
    let count = 0
    for (const peer of missing) if (this.#isAwaited(this.#peers.get(peer))) count++
    return count
  }

  handle(event: Event): readonly Action[] {
    actions = nothingToDo
    this.#dispatch(event)
    return actions
  }

  #dispatch(event: Event): void {
    switch (event.type) {
      case 'start':
        if (this.#phase === 'idle') this.#nextRound(event.nowMs)
        break
      case 'members':
        this.#members(event, event.nowMs)
        break
      case 'trained':
        if (this.#phase === 'training') this.#trained(event)
        break
      case 'update':
        this.#update(event.from, event.update, event.nowMs)
        break
      case 'timeout':
        this.#timeout(event.nowMs)
    }
  }

  #members({ neighbours, expected = nobody, swarmSize = 1 }: MembersEvent, nowMs: number): void {
    this.#peers.set(neighbours, expected, this.#state.round)
    this.#state.neighbours = this.#peers.neighboursOf(this.#state.round)
    this.#state.swarmSize = Math.max(swarmSize, neighbours.length + 1)
    if (this.#phase !== 'averaging') return
    this.#perform(this.#averaging.membersChanged(this.#state), nowMs)
    this.#deliverHeld(nowMs)
  }

  #goTo(round: number): void {
    this.#state.round = round
    this.#state.neighbours = this.#peers.neighboursOf(round)
  }

  /** Changes the work vector. */
  #trained({ loss, work = this.#work!, bytesSent = 0, nowMs }: TrainedEvent): void {
    if (this.#steps > 0) this.#takeSteps(loss, work)
    this.#forgetBase()
    if (this.#averaging.synchronous) this.#catchUp(0)
    else if (this.#averaging.keepsPace === true) this.#catchUp(roundsApart)
    this.#peers.forgiveSilence()
    this.#phase = 'averaging'
    this.#deadline.trained(this.#state.round, nowMs)
    this.#state.compressor = this.#compressorNow(bytesSent, nowMs)
    this.#perform(this.#averaging.trained(this.#state), nowMs)
    this.#deliverHeld(nowMs)
    if (this.#isAveraging()) this.#wait(nowMs + this.#deadlineMs)
  }

  #compressorNow(bytesSent: number, nowMs: number): Compressor {
    const neighbours = this.#state.neighbours.length
    if (this.#budget !== undefined) return this.#budget.compressor({ nowMs, bytesSent, neighbours })
    return (this.#steps === 0 ? this.#compressor.sharing : undefined) ?? this.#compressor
  }

  /** @param work - changed */
  #takeSteps(loss: number, work: Float32Array): void {
    const { parameters } = this.#state
    this.#stepsTaken += this.#steps
    this.#loss = loss
    if (!Number.isFinite(loss) || !takeSteps(parameters, work, this.#base)) {
      this.#memory?.forget()
      add({ type: 'diverged', round: this.#state.round, loss })
    }
    this.#memory?.trained(parameters)
  }

  /** Hand over what arrived before we could use it. */
  #deliverHeld(nowMs: number): void {
    if (this.#averaging.synchronous && this.#peers.haveReached(this.#state.round)) {
      for (const peer of this.#missing().slice()) {
        const record = this.#peers.get(peer)
        const update = record?.take(this.#state.round)
        if (update === undefined) continue
        this.#deadline.heard(record!.waits, update.round, nowMs)
        this.#perform(this.#averaging.received(this.#state, peer, update), nowMs)
      }
    }
    this.#endUnlessAwaiting(nowMs)
  }

  /**
   * A node that was away takes up the round of its neighbours instead of dragging them back: what it sent for its own,
   * they would refuse.
   *
   * @param apart - rounds that neighbours may be ahead of us without being followed
   */
  #catchUp(apart: number): void {
    const reached = this.#peers.reachedBeyond(this.#state.round + apart)
    if (reached !== undefined) this.#goTo(Math.min(reached, this.#lastRound))
  }

  #update(from: string, update: Update, nowMs: number): void {
    const sender = this.#peers.get(from)
    if (sender === undefined) return this.#reject(from, 'not-a-neighbour')
    sender.isSilent = false
    if (update.kind !== 'offer') this.#deadline.heard(sender.waits, update.round, nowMs)
    if (this.#averaging.synchronous) this.#synchronousUpdate(from, sender, update, nowMs)
    else this.#asynchronousUpdate(from, sender, update, nowMs)
  }

  #asynchronousUpdate(from: string, sender: PeerRecord, update: Update, nowMs: number): void {
    const isOffer = update.kind === 'offer'
    if (isOffer && this.#phase !== 'finished' && sender.countOffer(this.#state.round) > maxOffersPerRound) {
      return this.#reject(from, 'surplus')
    }
    if (update.round <= this.#state.round + maxRoundsAhead) {
      sender.heardRound = update.round
      this.#peers.heard(update.round)
    }
    if (this.#averaging.keepsPace === true && update.round < this.#state.round) sender.isBehind = true
    if (this.#phase === 'training') this.#keepBase()
    if (isOffer) {
      // An answer would not reach who is no neighbour yet, and only we would move.
      if (!sender.isNeighbour) return this.#reject(from, 'not-a-neighbour')
      if (sender.offeredRound === update.round) return this.#reject(from, 'duplicate')
      sender.offeredRound = update.round
    }
    this.#perform(this.#averaging.received(this.#state, from, update), nowMs)
  }

  /** Called before either may change: where local steps begin at the parameters and no update arrives, nothing is copied. */
  #keepBase(): void {
    if (this.#base !== undefined) return
    this.#base = this.#bases.take()
    this.#base.set(this.#state.parameters)
  }

  #forgetBase(): void {
    if (this.#base !== undefined) this.#bases.giveBack(this.#base)
    this.#base = undefined
  }

  #synchronousUpdate(from: string, sender: PeerRecord, update: Update, nowMs: number): void {
    const { round } = update
    const isOpen = this.#phase === 'training' || this.#phase === 'averaging'
    if (round < this.#state.round || (round === this.#state.round && !isOpen)) return this.#reject(from, 'stale')
    if (round > this.#state.round + maxRoundsAhead) return this.#reject(from, 'too-far-ahead')
    if (this.#phase === 'finished') return this.#reject(from, 'surplus')
    if (round === this.#state.round && this.#phase === 'averaging' && sender.isNeighbour) {
      if (!this.#missing().includes(from)) return this.#reject(from, 'duplicate')
      this.#perform(this.#averaging.received(this.#state, from, update), nowMs)
    } else {
      if (sender.has(round)) return this.#reject(from, 'duplicate')
      this.#peers.heard(round)
      const displaced = sender.hold(update, this.#state.round)
      if (displaced !== undefined) this.#reject(from, 'stale')
    }
    this.#endUnlessAwaiting(nowMs)
  }

  #timeout(nowMs: number): void {
    if (this.#phase !== 'averaging' && this.#phase !== 'resting') return
    if (nowMs < this.#untilMs) return this.#wait(this.#untilMs)
    if (this.#phase === 'resting') return this.#nextRound(nowMs)
    const awaited = this.awaited.flatMap(peer => this.#peers.get(peer) ?? [])
    // Where all updates are of use, who is only behind is waited for again, or we would run ahead of everybody.
    const silent = awaited.filter(({ isBehind }) => !isBehind)
    if (this.#isAhead(awaited.length - silent.length, nowMs)) return this.#wait(nowMs + this.#deadlineMs)
    for (const record of silent) {
      this.#deadline.forget(record.waits)
      this.#peers.silence(record)
    }
    this.#endAveraging(nowMs)
  }

  /**
   * Whether most neighbours that keep pace are behind us: then the round goes on until half of them are here, or for long.
   *
   * @param behind - how many are
   */
  #isAhead(behind: number, nowMs: number): boolean {
    return 2 * behind > this.#peers.neighbourCount && nowMs < this.#deadline.sinceMs + longestAheadMs
  }

  #endUnlessAwaiting(nowMs: number): void {
    if (this.#isAveraging() && this.awaitedCount === 0) this.#endAveraging(nowMs)
  }

  /** @param record - of a peer that is missing */
  #isAwaited(record: PeerRecord | undefined): boolean {
    return record === undefined || (!record.isSilent && record.newestHeld <= this.#state.round)
  }

  #endAveraging(nowMs: number): void {
    const missed = this.#missing()
    this.#perform(this.#averaging.timedOut(this.#state), nowMs, missed)
  }

  #perform({ send, reject, ended }: Step, nowMs: number, missed: readonly string[] = nobody): void {
    for (const action of send) add(action)
    for (const { from, reason } of reject) this.#reject(from, reason)
    if (ended === undefined) return
    const { averagedWith, neighbourDistance } = ended
    const { round, parameters } = this.#state
    if (this.#steps > 0) this.#memory?.averaged(parameters)
    add({ type: 'averaged', round, loss: this.#loss, missed, averagedWith, neighbourDistance })
    this.#rest(nowMs)
  }

  #rest(nowMs: number): void {
    const untilMs = this.#roundStartedMs + this.#minRoundMs
    if (untilMs <= nowMs || this.#state.round >= this.#lastRound) return this.#nextRound(nowMs)
    this.#phase = 'resting'
    this.#wait(untilMs)
  }

  #nextRound(nowMs: number): void {
    if (this.#state.round >= this.#lastRound) {
      this.#phase = 'finished'
      this.#state.finished = true
      add({ type: 'finished', round: this.#state.round })
      return
    }
    this.#goTo(this.#state.round + 1)
    this.#phase = 'training'
    this.#roundStartedMs = nowMs
    if (this.#averaging.keepsPace === true) this.#peers.forgetWhoIsBehind()
    const { round } = this.#state
    this.#steps =
      this.#sharing !== undefined && sharesOnly(this.#sharing, round, this.#lastRound) ? 0 : this.#localSteps
    if (this.#averaging.beginSteps !== undefined && this.#steps > 0) {
      this.#keepBase()
      this.#averaging.beginSteps(this.#base!)
    }
    this.#work?.set(this.start)
    this.#memory?.started(this.#state.parameters)
    const train: Action = { type: 'train', round, firstStep: this.#stepsTaken, steps: this.#steps }
    add(this.#memory?.steers === true ? { ...train, offset: this.#memory.state } : train)
  }

  #reject(from: string, reason: RejectReason): void {
    add({ type: 'reject', from, reason })
  }

  #wait(untilMs: number): void {
    this.#untilMs = untilMs
    add({ type: 'wait', untilMs })
  }

  get #deadlineMs(): number {
    return this.#deadline.ms(this.#peers.all)
  }

  #isAveraging(): boolean {
    return this.#phase === 'averaging'
  }

  /** Peers whose update the averaging under way does not have. */
  #missing(): readonly string[] {
    return this.#averaging.awaited(this.#state)
  }
}

function add(action: Action): void {
  if (actions === nothingToDo) actions = [action]
  else actions.push(action)
}
