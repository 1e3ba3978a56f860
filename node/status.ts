import type { Evaluation } from '../engine/index.js'
import type { Bytes } from './traffic.js'

/** The task's `initial` parameters, those `received` from a peer, or those of a `checkpoint` of this node. */
export type ModelOrigin = 'initial' | 'received' | 'checkpoint'

/** What a node says of the model that its predictions come from. */
export interface ModelStatus {
  readonly parameters: number
  readonly layoutHash: string
  readonly backend: string
  /** Whose averaging it came out of. */
  readonly round: number
  /** Counts the models that this node has had since it started. */
  readonly version: number
  /** `learned`: by this node, since it started. Until then where it began. */
  readonly origin: ModelOrigin | 'learned'
}

/** What a node says of itself. */
export interface NodeStatus {
  readonly peer: string
  readonly addresses: readonly string[]
  readonly task: { readonly id: string; readonly name: string }
  readonly model: ModelStatus
  readonly data: { readonly trainRows: number; readonly testRows: number }
  /** The round under way. */
  readonly round: number
  readonly phase: 'idle' | 'training' | 'averaging' | 'resting' | 'paused' | 'finished'
  /** Somebody asked it to pause; `phase` tells whether the round under way has ended. */
  readonly paused: boolean
  /** Why learning cannot go on; undefined while it can. */
  readonly failure: string | undefined
  /** Since a round last ended, or learning started or was resumed; undefined before it started. */
  readonly sinceRoundSeconds: number | undefined
  /** Neighbours that the averaging under way waits for. */
  readonly awaited: readonly string[]
  readonly neighbours: readonly string[]
  /** Size of the swarm as far as it is known here, this node included. */
  readonly members: number
  /** Training loss of the last round; undefined before the first has ended. */
  readonly loss: number | undefined
  /** The latest there is. */
  readonly evaluation: Evaluation | undefined
  readonly bytes: Bytes
  /** Messages refused, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** How often a peer was shut out for a while. */
  readonly bans: number
  /** The round of the newest checkpoint on the disk that this process wrote; undefined before the first. */
  readonly checkpointRound: number | undefined
  readonly uptimeSeconds: number
}

/** What a node says of a member of its swarm. */
export interface PeerStatus {
  readonly peer: string
  /**
   * `exchanging`: a neighbour, linked. `silent`: likewise, but nothing came from it for seconds, not even a sign of life.
   * `connecting`: a neighbour without a link. `known`: a member further away.
   */
  readonly state: 'exchanging' | 'silent' | 'connecting' | 'known'
  /** The round that it last announced. */
  readonly round: number
  /** Its weight in our averaging; undefined when it is no neighbour. */
  readonly weight: number | undefined
  readonly rttMs: number | undefined
  readonly bytes: Bytes
  readonly rejected: Readonly<Record<string, number>>
}
