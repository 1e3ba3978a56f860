import { checkCompressorSpec } from '../../learning/compression/create-compressor.js'
import type { Target } from '../options.js'
import type { SwarmConfig } from './config.js'
import type { NodeEnd } from './messages.js'
import { type Scoreboard, type Spread, type SwarmRound, spread } from './scoreboard.js'

/** What a run came to. Times in seconds, sizes in bytes. */
export interface Summary {
  readonly id: string
  readonly nodes: number
  readonly rounds: number
  /** Of the last evaluation of each node; null for regression. */
  readonly accuracy: Spread | null
  readonly r2: Spread | null
  readonly consensusDistance: number
  /** What a node was to send, and what it did, in bytes a round or an hour. */
  readonly budget?: { readonly spec: string; readonly sentPerNode: number }
  /** Over all connections: payloads, headers, framing, encryption, handshakes, membership. */
  readonly bytes: { readonly sentPerNode: number; readonly receivedPerNode: number }
  readonly seconds: {
    /** Since the first node started to learn. */
    readonly wall: number
    /** CPU for training and network, all nodes together; start-up and evaluation left out. */
    readonly cpu: number
    readonly toTarget: number | null
  }
  readonly target:
    | (Target & {
        readonly reached: boolean
        readonly round: number | null
        readonly bytesPerNode: number | null
        readonly cpuSeconds: number | null
        /** Of a simulation that reached it, a node. */
        readonly joules?: number
      })
    | null
  /** Resident set size, the largest of all nodes: when learning had ended, and at its peak. */
  readonly memory: { readonly maxRssPerNode: number; readonly maxPeakRssPerNode: number }
  /** Of a simulation: what it took on this machine; all other times are virtual. */
  readonly real?: RealCost
  /** Of a simulation: what a node spent, and its parts on average, by a model that is right to an order of magnitude. */
  readonly joules?: Spread & { readonly computing: number; readonly radio: number; readonly wakes: number }
  /** Of a swarm of processes: the folder in the record, with the model of the node that was best in the end. */
  readonly model?: { readonly node: number; readonly folder: string }
  readonly seed: number
  readonly perNode: readonly NodeSummary[]
}

/** Times in seconds. */
export interface RealCost {
  readonly wall: number
  /** All threads together, evaluation included. */
  readonly cpu: number
  readonly events: number
}

export interface NodeSummary {
  readonly node: number
  readonly peer: string
  /** `lost`: it ended before the run did. */
  readonly state: 'done' | 'lost'
  readonly round: number
  readonly loss: number | null
  readonly accuracy: number | null
  readonly r2: number | null
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly cpuSeconds: number
  readonly rss: number | null
  readonly rejected: Readonly<Record<string, number>>
  /** Of the model that it ended with, see `parametersHash`; null when the node was lost. */
  readonly parametersHash: string | null
}

/** What is known of a node process when the run has ended. */
export interface NodeFate {
  readonly peer: string
  readonly lost: boolean
  readonly end: NodeEnd | undefined
}

export function summarise(
  id: string,
  { nodes, settings, until }: SwarmConfig,
  scores: Scoreboard,
  reached: SwarmRound | undefined,
  fates: readonly NodeFate[]
): Summary {
  const perNode = fates.map((fate, node) => nodeSummary(node, fate, scores))
  const { last } = scores
  const ends = fates.flatMap(({ end }) => end ?? [])
  return {
    id,
    nodes,
    rounds: last?.round ?? 0,
    accuracy: spread(perNode.flatMap(({ accuracy }) => accuracy ?? [])) ?? null,
    r2: spread(perNode.flatMap(({ r2 }) => r2 ?? [])) ?? null,
    consensusDistance: last?.consensusDistance ?? 0,
    ...budgetOf(settings.compress, last),
    bytes: { sentPerNode: last?.bytesSentPerNode ?? 0, receivedPerNode: last?.bytesReceivedPerNode ?? 0 },
    seconds: { wall: last?.seconds ?? 0, cpu: last?.cpuSeconds ?? 0, toTarget: reached?.seconds ?? null },
    target:
      until === undefined
        ? null
        : {
            ...until,
            reached: reached !== undefined,
            round: reached?.round ?? null,
            bytesPerNode: reached?.bytesSentPerNode ?? null,
            cpuSeconds: reached?.cpuSeconds ?? null,
            ...(reached?.joulesPerNode === undefined ? {} : { joules: reached.joulesPerNode })
          },
    memory: {
      maxRssPerNode: Math.max(0, ...ends.map(({ rss }) => rss)),
      maxPeakRssPerNode: Math.max(0, ...ends.map(({ peakRss }) => peakRss))
    },
    seed: settings.seed,
    perNode
  }
}

/** How a node kept to its budget, if it had one. */
function budgetOf(compress: string, last: SwarmRound | undefined): Pick<Summary, 'budget'> {
  const { adaptive } = checkCompressorSpec(compress)
  if (adaptive === undefined || last === undefined) return {}
  const { spec, per } = adaptive.budget
  const passed = per === 'round' ? last.round : last.seconds / 3600
  return { budget: { spec, sentPerNode: last.bytesSentPerNode / passed } }
}

function nodeSummary(node: number, { peer, lost, end }: NodeFate, scores: Scoreboard): NodeSummary {
  const latest = scores.latest.get(node)
  const evaluation = scores.evaluations.get(node)
  return {
    node,
    peer,
    state: lost ? 'lost' : 'done',
    round: latest?.round ?? 0,
    loss: latest?.loss ?? null,
    accuracy: evaluation?.accuracy ?? null,
    r2: evaluation?.r2 ?? null,
    bytesSent: latest?.bytesSent ?? 0,
    bytesReceived: latest?.bytesReceived ?? 0,
    cpuSeconds: latest?.cpuSeconds ?? 0,
    rss: end?.rss ?? null,
    rejected: end?.rejected ?? {},
    parametersHash: end?.parametersHash ?? null
  }
}
