import type { Compressor } from '../compression/compressor.js'
import { MalformedUpdateError } from '../errors.js'
import { allFinite, squaredDistance } from '../parameters.js'
import {
  nothing,
  type Averaging,
  type AveragingKind,
  type AveragingState,
  type RejectReason,
  type Send,
  type Step,
  type Update
} from './averaging.js'
import { CommonModel, type Entries } from './common-model.js'
import { IncrementLink } from './increment-link.js'
import { IncrementLog } from './increment-log.js'
import { IncrementSources } from './increment-sources.js'
import {
  decodeIncrements,
  encodeIncrements,
  MAX_ORIGINS,
  MAX_OVERHEAD,
  type Increment,
  type IncrementsMessage
} from './increments-message.js'
import { Participation } from './participation.js'
import { decodeCopy, encodeCopy, versionOf } from './public-copy.js'
import type { Scratch } from './scratch.js'
import { WeightPrediction } from './weight-prediction.js'

const LARGEST_FLOAT32 = 3.4028234663852886e38
const LARGEST_PROGRESS = 2 ** 32 - 1
/** A message holds at most so many increments of the longest kind, or a snapshot. */
const INCREMENTS_PER_MESSAGE = 64
/** A node that was alone for longer goes on from its own model, and others get that; sooner where there never were others. */
const ALONE_ROUNDS = 16
const FIRST_ALONE_ROUNDS = 1

/** Who lacks fewer increments of each origin than this, on average, waits for them, however long they are. */
const ROUNDS_BEHIND = 12
/** For so many rounds a node that has seen another lineage waits for the rest of the swarm before it publishes. */
const ROUNDS_UNSETTLED = 16
/** Who is not heard of for more rounds than this is away. */
const ROUNDS_AWAY = 4
/** Who was asked for a snapshot so often, in vain, is not believed to have one. */
const ASKS_BELIEVED = 16
/** In so many first rounds increments are longer, the first the most so: all nodes have much to tell, and little of it is alike. */
const ROUNDS_TO_WARM_UP = 8
/** In larger swarms the increments of a round are together no more than those of so many nodes. */
const NODES_AT_LENGTH = 28
/** Origins that are believed to exist, for each member and beside them. */
const ORIGINS_PER_MEMBER = 8
const MORE_ORIGINS = 64

/** What came from neighbours, from the end of one round to that of the next. */
interface Brought {
  readonly peers: Set<string>
  increments: number
  /** Of their norms. */
  squared: number
}

/**
 * Error-feedback increments, exchanged by anti-entropy. All nodes have one common model z. In each round a node trains from
 * it, and publishes what compression C lets through of the way that it went, and of what it owes since earlier rounds:
 *
 *     e_i <- e_i + x_i - z,   q_i = C(e_i),   e_i <- e_i - q_i,   z <- z + q_i / n at all nodes,   x_i <- z.
 *
 * What is not sent stays in e_i and out of the model, so nodes do not drift apart however little they send. n is the number
 * of members that the node knew when it published, those asleep among them: a node's data counts for the n-th part of each
 * round in which it learns, and a swarm of which half is away goes half as far a round. The mean over nodes of what was
 * learned is in z, up to the e_i, while n stays as it is and nobody is away. Who is away is stood in for by what is usual
 * (`Participation`): then x_i - z above is that, corrected.
 *
 * Each node numbers its increments. A message tells which of everybody's the sender has (a version vector), which it wants of
 * this neighbour, and carries those that the neighbour wants: every origin's from one neighbour, on any connected graph, so
 * each comes once and takes a round for each hop. What is lost is sent again, and who is done answers those who are late. Sums
 * do not depend on the order (`CommonModel`): who has heard the same has the same model, bit for bit but for what a snapshot
 * rounds to float32, and who has not is late, no more.
 *
 * Increments are kept while they take less than a model. Who lacks more than that, a newcomer or one that was away, asks one
 * neighbour for a snapshot: its z and version vector. Who comes from another beginning (a lineage), because the link was cut
 * for long or the task's nodes began with different models, takes over that of the more advanced side in the same way, and
 * puts the difference to its own model into e_i: both sides end with the mean of both. A node started again from a checkpoint
 * is a newcomer, but for e_i: what it owes it still publishes. A node that loses all neighbours
 * publishes for them to hear later; one that is alone for long, or from the start, keeps the model that it has trained.
 *
 * Where the compressor leaves it to this strategy (`adaptive-top-k`), increments are longer in the first rounds, when models move
 * most, and shorter in swarms of more than 28: all of a round together then have as many values as there.
 *
 * Increments take a round for each hop, and so local steps begin not at the model, but where it will be when those under way have come
 * (`WeightPrediction`). Assumes a contraction for C, with few bytes: every node gets every other's increments, n - 1 of them a round. Not
 * for dense messages. Assumes honest relays: an increment carries no signature, so a neighbour could change what it hands on, and a
 * snapshot is taken on trust; both must be plausible (`Plausibility`). That two of 10,000 nodes draw the same origin has a
 * probability of 1 %.
 *
 * Source: Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987 (anti-entropy); van Renesse et
 * al., "Efficient Reconciliation and Flow Control for Anti-Entropy Protocols", LADIS 2008 (version vectors); Karimireddy et
 * al., "Error Feedback Fixes SignSGD and other Gradient Compression Schemes", ICML 2019; the common model as in Basu et al.,
 * "Qsparse-local-SGD", NeurIPS 2019, there at a server; longer messages at first as in Lin et al., "Deep Gradient Compression",
 * ICLR 2018 (warm-up training).
 */
class AntiEntropy implements Averaging {
  readonly name = 'anti-entropy'
  readonly synchronous = false
  readonly keepsPace = true
  readonly keepsToBudget = true
  readonly usualCompressor = 'adaptive-top-k'
  /** The common model in double precision, and of the last round; what is not sent yet, usual steps, and increments kept as long as a model. */
  readonly vectors = 7
  readonly #scratch: Scratch
  readonly #common: CommonModel
  /** e_i. */
  readonly #residual: Float32Array
  readonly #participation: Participation
  readonly #prediction: WeightPrediction
  readonly #log: IncrementLog
  readonly #sources = new IncrementSources()
  readonly #links = new Map<string, IncrementLink>()
  /** Hash of the model that all increments of the log were added to, and the rounds behind that. */
  #lineage = 0
  #age = 0
  /** Whether the lineage has something of ours, and not only a model that was handed to us. */
  #contributed = false
  /** Our first round in this lineage; undefined before that ended. */
  #lineageRound: number | undefined
  /** Whether a neighbour was ever of another lineage. */
  #sawOthers = false
  /** This node, as an origin; undefined before it has published in this lineage. */
  #self: number | undefined
  /** Rounds without neighbours until now. */
  #aloneRounds = 0
  /** Whether our model has left the common one. */
  #modelIsOwn = false
  /** Members when there last were neighbours: what is learned alone counts for no more. */
  #nodes = 1
  /** Our progress, as we told it last. */
  #toldProgress = 0
  /** The neighbour that is asked for a snapshot in this round. */
  #asked: string | undefined
  #waiting = false
  #sentTo: ReadonlySet<string> = new Set()
  /** What has come since then. */
  #brought: Brought = { peers: new Set(), increments: 0, squared: 0 }
  /** The latest message of each neighbour, while our model is our own. */
  readonly #held = new Map<string, Update>()

  constructor(length: number, scratch: Scratch) {
    this.#scratch = scratch
    this.#common = new CommonModel(length)
    this.#residual = new Float32Array(length)
    this.#participation = new Participation(length)
    this.#prediction = new WeightPrediction(length)
    this.#log = new IncrementLog(4 * length)
  }

  begin(parameters: Float32Array, round: number, saved?: Uint8Array): void {
    if (saved?.length === 4 * parameters.length) decodeCopy(saved, this.#residual)
    if (!allFinite(this.#residual)) this.#residual.fill(0)
    this.#beginLineage(parameters, versionOf(parameters), round)
    this.#contributed = round === 0
    this.#sawOthers = false
  }

  save(): Uint8Array {
    return encodeCopy(this.#residual)
  }

  maxUpdateBytes({ maxBytes }: Compressor): number {
    return MAX_OVERHEAD + Math.max(4 * this.#common.length, INCREMENTS_PER_MESSAGE * maxBytes)
  }

  beginSteps(start: Float32Array): void {
    if (this.#modelIsOwn) this.#prediction.reset()
    else this.#prediction.predict(start, this.#log.size)
  }

  trained(state: AveragingState): Step {
    if (state.neighbours.length === 0) return this.#goOnAlone(state)
    if (this.#wasAloneForLong()) this.#beginAnew(state)
    this.#aloneRounds = 0
    this.#modelIsOwn = false
    this.#nodes = state.swarmSize
    this.#forgetLinks(state)
    this.#publish(state)
    const reject = this.#receiveHeld(state)
    this.#chooseSources(state)
    this.#toldProgress = this.#progress
    this.#waiting = true
    const send = this.#unsent(state)
    return { ...this.#endWhenComplete(state), send, reject }
  }

  received(state: AveragingState, from: string, update: Update): Step {
    const refused = update.kind === 'model' ? this.#link(from).refuses(update, state.round) : 'unexpected'
    if (refused !== undefined) return { send: [], reject: [{ from, reason: refused }] }
    if (this.#modelIsOwn) {
      this.#held.set(from, update)
      return nothing
    }
    const reject = this.#receive(state, from, update).map(reason => ({ from, reason }))
    this.#common.writeTo(state.parameters)
    if (state.finished) return { send: this.#answer(from, state), reject }
    return { ...this.#endWhenComplete(state), reject }
  }

  membersChanged(state: AveragingState): Step {
    if (!this.#waiting) return nothing
    const send = this.#unsent(state)
    return { ...this.#endWhenComplete(state), send }
  }

  timedOut(state: AveragingState): Step {
    return this.#end(state)
  }

  awaited(state: AveragingState): readonly string[] {
    if (!this.#waiting) return []
    return state.neighbours.map(({ peer }) => peer).filter(peer => !this.#hasReached(peer, state.round))
  }

  get #progress(): number {
    return Math.min(LARGEST_PROGRESS, this.#age + this.#log.total)
  }

  /** For a while what a node learns alone is kept for the others; later, or where there never were any, its model keeps it. */
  #goOnAlone(state: AveragingState): Step {
    const { parameters } = state
    this.#links.clear()
    this.#modelIsOwn ||= this.#log.size <= 1 || this.#aloneRounds >= ALONE_ROUNDS
    this.#aloneRounds++
    if (!this.#modelIsOwn) {
      this.#publish(state)
      return this.#end(state)
    }
    for (let i = 0; i < parameters.length; i++) parameters[i] = clamped(parameters[i] + this.#residual[i])
    this.#residual.fill(0)
    return { send: [], reject: [], ended: { averagedWith: [], neighbourDistance: undefined } }
  }

  #wasAloneForLong(): boolean {
    return this.#modelIsOwn && this.#aloneRounds > (this.#log.size > 1 ? ALONE_ROUNDS : FIRST_ALONE_ROUNDS)
  }

  /** Make our model, as far as the last round alone has brought it, the common one. */
  #beginAnew({ parameters }: AveragingState): void {
    this.#residual.fill(0)
    this.#beginLineage(parameters, versionOf(parameters), this.#progress + this.#aloneRounds)
    this.#contributed = true
  }

  #beginLineage(model: Float32Array, lineage: number, age: number): void {
    this.#common.reset(model)
    this.#prediction.reset()
    this.#lineage = lineage
    this.#age = age
    this.#log.reset([])
    this.#sources.clear()
    this.#self = undefined
    this.#lineageRound = undefined
  }

  #publish(state: AveragingState): void {
    const { parameters, compressor, rng, round } = state
    const nodes = this.#nodes
    const { ours } = this.#scratch
    this.#common.writeTo(ours)
    this.#participation.addStep(ours, parameters, this.#residual, this.#isSomebodyAway(round))
    this.#self ??= this.#drawOrigin(state)
    this.#log.expect(this.#self)
    if (this.#isUnsettled(state)) return
    const coder = compressor.scaled?.(usualScale(round, nodes)) ?? compressor
    const payload = coder.encode(this.#residual, rng.fork(`encode/${round}`))
    const entries = decodeEntries(payload, compressor, this.#scratch)
    if (!this.#common.hasRoomFor(entries, nodes)) return
    subtract(entries, this.#residual)
    const origin = this.#self
    const increment = { origin, version: this.#log.versionOf(origin) + 1, round, nodes, payload }
    this.#apply(increment, entries, round)
  }

  /**
   * Whether nodes of other lineages may still come over to ours, or we go over to theirs: then what we published would have
   * counted in a part of the swarm only.
   */
  #isUnsettled({ round, swarmSize }: AveragingState): boolean {
    this.#lineageRound ??= round
    return this.#sawOthers && this.#log.size < swarmSize && round < this.#lineageRound + ROUNDS_UNSETTLED
  }

  /** Not where others may be silent because they are of two minds, as above, and had heard of another lineage later than we. */
  #isSomebodyAway(round: number): boolean {
    if (this.#sawOthers && round < (this.#lineageRound ?? round) + 2 * ROUNDS_UNSETTLED) return false
    return this.#log.lacksWord(round - ROUNDS_AWAY)
  }

  /** A new one for each lineage and start, so that no version number ever stands for two increments. */
  #drawOrigin({ rng, round }: AveragingState): number {
    const drawn = rng.fork(`origin/${this.#lineage}/${round}`)
    const known = new Set(this.#log.origins)
    let origin = drawn.uint32()
    while (known.has(origin)) origin = drawn.uint32()
    return origin
  }

  /** Decide whom to have each origin's increments from, or whom to ask for a snapshot instead. */
  #chooseSources({ round }: AveragingState): void {
    const heard = [...this.#links].filter(([, { told, asks }]) => told !== undefined && asks < ASKS_BELIEVED)
    const related = new Map(heard.filter(([, { told }]) => told!.lineage === this.#lineage))
    this.#sources.choose(related, this.#log, this.#self!, round)
    const better = heard.filter(([, { told }]) => !told!.asks && this.#isBetter(told!))
    const farther = better.length > 0 ? better : this.#isFarBehind(related) ? [...related] : []
    this.#asked = mostAdvanced(farther)
    if (this.#asked !== undefined) this.#link(this.#asked).asks++
  }

  /** Whether a lineage shall take the place of ours. */
  #isBetter({ lineage, progress, asks }: Pick<IncrementsMessage, 'lineage' | 'progress' | 'asks'>): boolean {
    if (lineage === this.#lineage) return false
    // Two that ask each other have seen each other's past.
    if (asks || progress === this.#toldProgress) return lineage < this.#lineage
    return progress > this.#toldProgress
  }

  /** Whether what neighbours have and we lack takes many rounds and more bytes than a snapshot, or does not come. */
  #isFarBehind(links: ReadonlyMap<string, IncrementLink>): boolean {
    if (this.#sources.stalled) return true
    let missing = 0
    for (const origin of this.#log.origins) {
      const peer = this.#sources.peerFor(origin)
      const theirs = peer === undefined ? 0 : (links.get(peer)?.told?.versions.get(origin) ?? 0)
      missing += Math.max(0, theirs - this.#log.versionOf(origin))
    }
    const isLong = missing > ROUNDS_BEHIND * this.#log.size
    return isLong && missing * (this.#log.meanBytes ?? 0) > 4 * this.#common.length
  }

  /** One that joined in the middle of a round gets its message too, and so does one that left and came back. */
  #unsent(state: AveragingState): readonly Send[] {
    const peers = state.neighbours.map(({ peer }) => peer)
    const unsent = peers.filter(peer => !this.#sentTo.has(peer))
    this.#sentTo = new Set(peers)
    return unsent.map(to => ({
      type: 'send',
      to,
      update: { kind: 'model', round: state.round, payload: encodeIncrements(this.#messageTo(to, state, false)) }
    }))
  }

  /** Once our last round is over, neighbours get what they lack when they speak, and who is late catches up. */
  #answer(to: string, state: AveragingState): readonly Send[] {
    if (this.#self === undefined) return []
    this.#toldProgress = this.#progress
    const message = this.#messageTo(to, state, true)
    if (message.increments.length === 0 && message.snapshot === undefined) return []
    return [{ type: 'send', to, update: { kind: 'model', round: state.round, payload: encodeIncrements(message) } }]
  }

  #messageTo(peer: string, { round, compressor }: AveragingState, answers: boolean): IncrementsMessage {
    const link = this.#link(peer)
    const head = {
      lineage: this.#lineage,
      progress: this.#toldProgress,
      acknowledged: link.acknowledged,
      asks: this.#asked === peer,
      answers,
      vector: [...this.#ownFirst()].map(origin => ({
        origin,
        version: this.#log.versionOf(origin),
        wanted: this.#asked === undefined && this.#sources.peerFor(origin) === peer
      }))
    }
    if (link.isOwedSnapshot()) {
      link.snapshotSent(round)
      this.#common.writeTo(this.#scratch.ours)
      return { ...head, increments: [], snapshot: encodeCopy(this.#scratch.ours) }
    }
    const isRelated = link.told === undefined || link.told.lineage === this.#lineage
    const maxBytes = this.maxUpdateBytes(compressor) - MAX_OVERHEAD
    const increments = isRelated ? link.take(this.#log, this.#self!, round, maxBytes) : []
    return { ...head, increments }
  }

  *#ownFirst(): Generator<number> {
    yield this.#self!
    for (const origin of this.#log.origins) if (origin !== this.#self) yield origin
  }

  /** A later message is as good as that of the round, which may be lost. */
  #hasReached(peer: string, round: number): boolean {
    return (this.#links.get(peer)?.acknowledged ?? 0) >= round
  }

  #endWhenComplete(state: AveragingState): Step {
    const complete = this.#waiting && state.neighbours.every(({ peer }) => this.#hasReached(peer, state.round))
    return complete ? this.#end(state) : nothing
  }

  #end({ parameters }: AveragingState): Step {
    this.#common.writeTo(parameters)
    const { peers, increments, squared } = this.#brought
    this.#brought = { peers: new Set(), increments: 0, squared: 0 }
    this.#sentTo = new Set()
    this.#waiting = false
    const averagedWith = [...peers].sort()
    const neighbourDistance = increments > 0 ? Math.sqrt(squared / increments) : undefined
    return { send: [], reject: [], ended: { averagedWith, neighbourDistance } }
  }

  #receiveHeld(state: AveragingState): Step['reject'] {
    const held = [...this.#held]
    this.#held.clear()
    return held.flatMap(([from, update]) => this.#receive(state, from, update).map(reason => ({ from, reason })))
  }

  /** @returns why some of it is refused */
  #receive(state: AveragingState, peer: string, update: Update): readonly RejectReason[] {
    let message: IncrementsMessage
    try {
      message = decodeIncrements(update.payload)
    } catch (error) {
      if (error instanceof MalformedUpdateError) return ['malformed']
      throw error
    }
    const link = this.#link(peer)
    link.heard(message)
    if (message.snapshot !== undefined) return this.#receiveSnapshot(state, peer, message, message.snapshot)
    if (message.lineage !== this.#lineage) {
      this.#sawOthers = true
      return []
    }
    const most = Math.min(MAX_ORIGINS - 1, MORE_ORIGINS + ORIGINS_PER_MEMBER * state.swarmSize)
    for (const { origin } of message.vector) if (this.#log.size < most) this.#log.expect(origin)
    return this.#addAll(state, peer, message.increments)
  }

  #addAll(state: AveragingState, peer: string, increments: readonly Increment[]): readonly RejectReason[] {
    const { refused } = this.#link(peer)
    const reject: RejectReason[] = []
    for (const increment of increments) {
      const { origin, version } = increment
      // What came from elsewhere meanwhile, or follows what got lost and is asked for again, is of no use.
      if (version !== this.#log.versionOf(origin) + 1 || refused.has(origin)) continue
      const squared = this.#add(state, increment)
      if (typeof squared === 'number') this.#bring(peer, squared)
      else {
        refused.add(origin)
        reject.push(squared)
      }
    }
    return reject
  }

  #bring(peer: string, squared: number): void {
    this.#brought.peers.add(peer)
    this.#brought.increments++
    this.#brought.squared += squared
  }

  /** @returns its squared norm, or why it is refused */
  #add({ compressor, plausibility, parameters, round }: AveragingState, increment: Increment): number | RejectReason {
    let entries: Entries
    try {
      entries = decodeEntries(increment.payload, compressor, this.#scratch)
    } catch (error) {
      if (error instanceof MalformedUpdateError) return 'malformed'
      throw error
    }
    const squared = entries.values.reduce((sum, value) => sum + value * value, 0)
    if (!allFinite(entries.values) || !this.#common.hasRoomFor(entries, increment.nodes)) return 'not-finite'
    if (!plausibility.admits(squared, parameters)) return 'implausible'
    this.#apply(increment, entries, round)
    return squared
  }

  #apply(increment: Increment, entries: Entries, round: number): void {
    this.#common.add(entries, increment.nodes)
    this.#participation.published(entries, increment.nodes)
    this.#prediction.moved(round - increment.round)
    this.#log.add(increment, round)
  }

  #receiveSnapshot(
    state: AveragingState,
    peer: string,
    message: IncrementsMessage,
    snapshot: Uint8Array
  ): readonly RejectReason[] {
    const { ours, theirs } = this.#scratch
    const link = this.#link(peer)
    if (link.asks === 0) return ['unexpected']
    if (snapshot.length !== 4 * theirs.length) return ['malformed']
    decodeCopy(snapshot, theirs)
    if (!allFinite(theirs)) return ['not-finite']
    this.#common.writeTo(ours)
    const squared = squaredDistance(theirs, ours)
    if (!state.plausibility.admits(squared, ours)) return ['implausible']
    link.asks = 0
    if (!this.#isBetter(message) && !this.#lacks(message)) return []
    for (const each of this.#links.values()) each.refused.clear()
    this.#adopt(message, state)
    this.#bring(peer, squared)
    return []
  }

  /** Whether it has something of our lineage that we have not heard. */
  #lacks({ lineage, vector }: IncrementsMessage): boolean {
    return lineage === this.#lineage && vector.some(({ origin, version }) => version > this.#log.versionOf(origin))
  }

  /** Go on from the snapshot in `scratch.theirs`; our own common model is in `scratch.ours`. */
  #adopt({ lineage, progress, vector }: IncrementsMessage, { compressor, round }: AveragingState): void {
    const { ours, theirs } = this.#scratch
    const versions = vector.map(({ origin, version }) => [origin, version] as const)
    const unheard = lineage === this.#lineage ? this.#unheard(new Map(versions)) : undefined
    const self = this.#self
    if (unheard === undefined && this.#contributed) {
      for (let i = 0; i < ours.length; i++) this.#residual[i] = clamped(this.#residual[i] + ours[i] - theirs[i])
    }
    const total = versions.reduce((sum, [, version]) => sum + version, 0)
    this.#beginLineage(theirs, lineage, Math.max(0, progress - total))
    this.#contributed = true
    this.#log.reset(versions)
    this.#toldProgress = this.#progress
    if (unheard === undefined) return
    this.#self = self
    for (const increment of unheard) {
      this.#common.add(decodeEntries(increment.payload, compressor, this.#scratch), increment.nodes)
      this.#log.add(increment, round)
    }
  }

  /** What we have of a lineage and a vector lacks; undefined when it is not kept any more, or others count our versions too. */
  #unheard(versions: ReadonlyMap<number, number>): Increment[] | undefined {
    const unheard: Increment[] = []
    for (const origin of this.#log.origins) {
      const theirs = versions.get(origin) ?? 0
      const increments = this.#log.since(origin, theirs)
      if (increments === undefined) return undefined
      if (origin === this.#self && theirs > this.#log.versionOf(origin)) return undefined
      unheard.push(...increments)
    }
    return unheard
  }

  #link(peer: string): IncrementLink {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    const link = new IncrementLink()
    this.#links.set(peer, link)
    return link
  }

  /** What was on its way over a link that is gone got lost. */
  #forgetLinks({ neighbours }: AveragingState): void {
    const peers = new Set(neighbours.map(({ peer }) => peer))
    for (const peer of this.#links.keys()) if (!peers.has(peer)) this.#links.delete(peer)
  }
}

export const antiEntropy: AveragingKind = {
  name: 'anti-entropy',
  create: (length, scratch) => new AntiEntropy(length, scratch)
}

/** How much longer than usual increments are: longer in the first rounds, shorter in large swarms. */
function usualScale(round: number, nodes: number): number {
  return Math.max(1, ROUNDS_TO_WARM_UP / round) * Math.min(1, NODES_AT_LENGTH / nodes)
}

/** The values of an increment. Without indices they are in `scratch.theirs`, until that is used again. */
function decodeEntries(payload: Uint8Array, compressor: Compressor, { theirs }: Scratch): Entries {
  if (compressor.decodeKept !== undefined) return compressor.decodeKept(payload)
  compressor.decode(payload, theirs.fill(0))
  return { values: theirs }
}

/** Subtract values from `residual`, changing it. */
function subtract({ values, indices }: Entries, residual: Float32Array): void {
  for (let k = 0; k < values.length; k++) residual[indices?.[k] ?? k] -= values[k]
}

function clamped(value: number): number {
  return Math.min(Math.max(value, -LARGEST_FLOAT32), LARGEST_FLOAT32)
}

/** The peer whose lineage has come furthest; of equal ones that of the smallest lineage, then of the first. */
function mostAdvanced(links: readonly (readonly [string, IncrementLink])[]): string | undefined {
  const ranked = [...links].sort(
    ([, a], [, b]) => b.told!.progress - a.told!.progress || a.told!.lineage - b.told!.lineage
  )
  return ranked.at(0)?.[0]
}
