import { InvalidParametersError } from '../learning/errors.js'
import { parseDistribution, type Distribution } from './distribution.js'

/** What the swarm runs on, as specs; see `parseDistribution`. All are drawn once for each link or node. */
export interface Conditions {
  /** One way, in milliseconds. @default 20 */
  readonly latency: string
  /** Megabits a second of a link, each way; undefined: as fast as can be. @default undefined */
  readonly bandwidth?: string
  /** Share of a link's messages that get lost, from 0 to 1. @default 0 */
  readonly loss: string
  /** Milliseconds that a node takes for one local step. @default 5 */
  readonly stepTime: string
  /** `SHARE:FACTOR`: so many nodes are so many times slower. @default none */
  readonly stragglers?: string
}

export const defaultConditions: Conditions = { latency: '20', loss: '0', stepTime: '5' }

/** Conditions that were checked. */
export interface ParsedConditions {
  readonly latencyMs: Distribution
  readonly megabits: Distribution | undefined
  readonly loss: Distribution
  readonly stepMs: Distribution
  readonly stragglers: { readonly share: number; readonly factor: number }
}

/** @throws InvalidParametersError naming the field */
export function parseConditions(given: Partial<Conditions>): ParsedConditions {
  const { latency, bandwidth, loss, stepTime, stragglers } = { ...defaultConditions, ...given }
  return {
    latencyMs: parseDistribution('latency', latency, { min: 0 }),
    megabits:
      bandwidth === undefined ? undefined : parseDistribution('bandwidth', bandwidth, { min: 0, exclusiveMin: true }),
    loss: parseDistribution('loss', loss, { min: 0, max: 1 }),
    stepMs: parseDistribution('step time', stepTime, { min: 0, exclusiveMin: true }),
    stragglers: stragglers === undefined ? { share: 0, factor: 1 } : parseStragglers(stragglers)
  }
}

function parseStragglers(spec: string): ParsedConditions['stragglers'] {
  const [share, factor, ...rest] = spec.split(':').map(text => (text.trim() === '' ? NaN : Number(text)))
  if (share >= 0 && share <= 1 && factor >= 1 && factor < Infinity && rest.length === 0) return { share, factor }
  throw new InvalidParametersError(
    `stragglers ${spec}: expected a share from 0 to 1 and a factor of at least 1, as in 0.1:5.`
  )
}
