import { nothing, type AveragingKind, type AveragingState, type Step, type Update } from './averaging.js'
import { drawNeighbours } from './neighbours.js'
import { OneWay } from './one-way.js'
import { parseCount } from './parse-count.js'
import { refuse } from './refuse.js'
import type { Scratch } from './scratch.js'

const FAN_OUT = { of: 'epidemic', what: 'how many neighbours get the model in a round', most: 64, default: 2 }

/**
 * Epidemic Learning: after its local steps a node sends its model to s neighbours, drawn anew in every round, and averages
 * its own with whichever came, all of one weight,
 *
 *     x_i <- (x_i + sum over j in S_i of q(x_j)) / (1 + |S_i|),
 *
 * as a running mean: each model is averaged in when it arrives. Who receives nothing keeps its own. Messages are one-way:
 * no round waits for anything, and a lost message is one that was not drawn.
 *
 * This is the paper's EL-Local. Its EL-Oracle needs all nodes to take the same s-regular graph for the same round, so a
 * coordinator, or a barrier and one list of members; EL-Local needs neither, and for that pays with a fan-in that varies
 * and with a mean that is preserved in expectation only. For equal degrees and steps of equal length, that is: nodes that
 * send more are heard more. No model ever leaves the convex hull of all. Of n nodes that are all linked, one round brings
 * the mean square distance from the mean to (1 - (1 - s/(n-1))^n) / s - 1/(n-1) of what it was (the paper's beta_s).
 *
 * Assumes a connected graph; the more links, the better it mixes: `--topology complete` or `random-regular:K` with K well
 * above s.
 *
 * Source: de Vos et al., "Epidemic Learning: Boosting Decentralized Learning with Randomized Communication", NeurIPS 2023.
 */
class Epidemic extends OneWay {
  readonly name = 'epidemic'
  readonly #fanOut: number

  constructor(scratch: Scratch, fanOut: number) {
    super(1, scratch)
    this.#fanOut = fanOut
  }

  trained(state: AveragingState): Step {
    const { neighbours, round, rng, compressor, parameters } = state
    const ended = this.inflow.end(state)
    if (neighbours.length === 0) return { send: [], reject: [], ended }
    const payload = compressor.encode(parameters, rng.fork(`encode/${round}`))
    const drawn = drawNeighbours(neighbours, this.#fanOut, rng.fork(`peers/${round}`))
    return {
      send: drawn.map(({ peer }) => ({ type: 'send', to: peer, update: { kind: 'model', round, payload } })),
      reject: [],
      ended
    }
  }

  received(state: AveragingState, from: string, { kind, round, payload }: Update): Step {
    if (kind !== 'model') return refuse(from, 'unexpected')
    // The own model and those that came before weigh as much as this one, each.
    const weight = 1 / (this.inflow.count + 2)
    const refused = this.inflow.refusal(from, round) ?? this.inflow.average(state, from, { round, weight, payload })
    return refused === undefined ? nothing : refuse(from, refused)
  }
}

export const epidemic: AveragingKind = {
  name: 'epidemic',
  takesArgument: true,
  create: (_, scratch, argument) => new Epidemic(scratch, parseCount(argument, FAN_OUT))
}
