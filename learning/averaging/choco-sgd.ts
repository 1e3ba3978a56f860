import type { Compressor } from '../compression/compressor.js'
import { InvalidParametersError } from '../errors.js'
import { allFinite } from '../parameters.js'
import type { AveragingKind, AveragingState, Neighbour, RejectReason, Step, Update } from './averaging.js'
import { CopyHistory } from './copy-history.js'
import { moved } from './move-towards.js'
import { PublicCopy, versionOf } from './public-copy.js'
import type { Scratch } from './scratch.js'
import { Synchronous, type Arrived } from './synchronous.js'

const LARGEST_FLOAT32 = 3.4028234663852886e38
/** Copies kept of peers that are no neighbours any more: a link that breaks for a moment needs no full copy. */
const RETAINED_LINKS = 2

/** What one neighbour has of us, and we of it. */
interface Link {
  readonly theirs: PublicCopy
  /** The version of our copy that it is taken to have; undefined: none that we know. */
  has: number | undefined
  /** What `has` was when we last sent to it, in the round under way. */
  sentFor: number | undefined
}

/**
 * CHOCO-SGD: after its local steps a node sends only the compressed difference to what its neighbours know of it, and
 * averages by what everybody knows, the public copies:
 *
 *     q_i = C(x_i - xhat_i),   xhat_i <- xhat_i + q_i at i and at all its neighbours,
 *     x_i <- x_i + gamma sum over the neighbours j that arrived of w_ij (xhat_j - xhat_i).
 *
 * What C loses stays in x_i - xhat_i and is sent later: error feedback by itself, so biased compressors converge too, and
 * the mean over nodes stays the same while no message is lost.
 *
 * Public copies start as the model that the node begins with; nodes that begin with the same one (a swarm's task) never
 * send it. A message says which version of the sender's copy it builds upon, and which of the receiver's the sender has. A
 * neighbour that turns out to have missed some gets all differences since, or, when those are more than that, a full copy.
 * So a lost message costs its two ends two rounds of averaging, and few bytes.
 *
 * Assumes symmetric, doubly stochastic weights, neighbours that keep in step and mostly stay, a compressor that is a
 * contraction, and gamma small enough for it. Memory: a vector for each neighbour, and two.
 *
 * Source: Koloskova, Stich, Jaggi, "Decentralized Stochastic Optimization and Gossip Algorithms with Compressed
 * Communication", ICML 2019 (algorithm 2), with local steps as in their ICLR 2020 paper.
 */
class ChocoSgd extends Synchronous {
  readonly name = 'choco-sgd'
  readonly keepsToBudget = true
  /** Two public copies, and the history of one, which is no longer than a full copy. */
  readonly vectors = 3
  readonly vectorsPerLink = 1
  readonly #scratch: Scratch
  /** gamma; undefined: as the compressor advises. */
  readonly #stepSize: number | undefined
  /** x-hat of a peer that nothing is known of. */
  readonly #initial: PublicCopy
  readonly #ours: PublicCopy
  readonly #history: CopyHistory
  readonly #links = new Map<string, Link>()

  constructor(length: number, scratch: Scratch, stepSize: number | undefined) {
    super()
    this.#scratch = scratch
    this.#stepSize = stepSize
    const zeros = new Float32Array(length)
    this.#initial = new PublicCopy(zeros, versionOf(zeros))
    this.#ours = new PublicCopy(zeros, this.#initial.version)
    this.#history = new CopyHistory(this.#ours)
  }

  begin(parameters: Float32Array): void {
    this.#initial.reset(parameters, versionOf(parameters))
    this.#ours.reset(parameters, this.#initial.version)
  }

  maxUpdateBytes({ maxBytes }: Compressor): number {
    return Math.max(maxBytes, 4 * this.#ours.values.length)
  }

  protected prepare(state: AveragingState): void {
    this.#forgetLinks(state)
    this.#publish(state)
  }

  protected updateFor({ round }: AveragingState, to: string): Update {
    const link = this.#link(to)
    link.sentFor = link.has
    const { payload, version, parts } = this.#history.since(link.has)
    return { kind: 'model', round, payload, copy: { version, held: link.theirs.version, parts } }
  }

  protected average(state: AveragingState, arrived: Arrived): Step {
    for (const [place, { peer }] of state.neighbours.entries()) {
      const link = this.#link(peer)
      link.has = this.#hasNow(link, arrived[place])
    }
    return this.averageEach(state, arrived, (neighbour, update) => this.#averageWith(state, neighbour, update))
  }

  /** Move our public copy towards our model by what the compressor lets through. */
  #publish({ parameters, compressor, rng, round }: AveragingState): void {
    const { values, version } = this.#ours
    const difference = this.#scratch.ours
    for (let i = 0; i < difference.length; i++) {
      difference[i] = Math.min(Math.max(parameters[i] - values[i], -LARGEST_FLOAT32), LARGEST_FLOAT32)
    }
    const payload = compressor.encode(difference, rng.fork(`encode/${round}`))
    const copy = { version, held: version, parts: [payload.length] }
    if (this.#ours.receive({ kind: 'model', round, payload, copy }, compressor, this.#scratch) === undefined) {
      this.#history.add(version, payload)
    } else {
      // The sum is beyond float32: begin anew, with full copies.
      this.#ours.reset(parameters, versionOf(parameters))
      this.#history.clear()
    }
  }

  /** @returns ||xhat_j - xhat_i||^2, or why the update is refused: the parameters are then as before */
  #averageWith(state: AveragingState, { peer, weight }: Neighbour, update: Update): number | RejectReason {
    const { parameters, compressor, plausibility } = state
    const link = this.#link(peer)
    const refused = link.theirs.receive(update, compressor, this.#scratch)
    if (refused !== undefined) return refused
    const step = weight * (this.#stepSize ?? compressor.stepSize ?? 1)
    const result = this.#scratch.ours
    const readTheirs = (from: number, part: Float32Array): void =>
      part.set(link.theirs.values.subarray(from, from + part.length))
    const squared = moved(parameters, step, this.#ours.values, readTheirs, result)
    if (!allFinite(result)) return 'not-finite'
    if (!plausibility.admits(squared, this.#ours.values)) return 'implausible'
    parameters.set(result)
    return squared
  }

  /**
   * What a neighbour is taken to have when our next update reaches it: all, as long as it does not say otherwise. Its update
   * of a round leaves before ours of that round is there, so what it then has must be what ours built upon, or newer; if
   * not, ours was of no use to it.
   */
  #hasNow({ sentFor }: Link, update: Update | undefined): number | undefined {
    if (update === undefined) return this.#ours.version
    const held = update.copy?.held
    // A full copy is of use to everybody: what it was sent for is of infinite age.
    return this.#history.age(held) <= this.#history.age(sentFor) ? this.#ours.version : held
  }

  #link(peer: string): Link {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    const { values, version } = this.#initial
    const link: Link = { theirs: new PublicCopy(values, version), has: version, sentFor: undefined }
    this.#links.set(peer, link)
    return link
  }

  /** Forget peers that are no neighbours, but for the latest few. */
  #forgetLinks({ neighbours }: AveragingState): void {
    const gone = [...this.#links.keys()].filter(peer => !neighbours.some(neighbour => neighbour.peer === peer))
    for (const peer of gone.slice(0, Math.max(0, gone.length - RETAINED_LINKS))) this.#links.delete(peer)
  }
}

export const chocoSgd: AveragingKind = {
  name: 'choco-sgd',
  takesArgument: true,
  create: (length, scratch, argument) => new ChocoSgd(length, scratch, parseStepSize(argument))
}

function parseStepSize(argument: string | undefined): number | undefined {
  if (argument === undefined) return undefined
  const stepSize = argument.trim() === '' ? NaN : Number(argument)
  if (stepSize > 0 && stepSize <= 1) return stepSize
  throw new InvalidParametersError(
    `choco-sgd:${argument}: expected the consensus step size, above 0 and at most 1, as in choco-sgd:0.2`
  )
}
