import type { Evaluation } from '../engine/index.js'
import type { Bytes } from './traffic.js'

/** What a node says of itself. */
export interface NodeStatus {
  readonly peer: string
  readonly addresses: readonly string[]
  readonly task: { readonly id: string; readonly name: string }
  readonly model: { readonly parameters: number; readonly layoutHash: string; readonly backend: string }
  readonly data: { readonly trainRows: number; readonly testRows: number }
  /** The round under way. */
  readonly round: number
  readonly phase: 'idle' | 'training' | 'averaging' | 'resting' | 'finished'
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
  /** The round of the newest checkpoint on the disk that this process wrote; undefined before the first. */
  readonly checkpointRound: number | undefined
  readonly uptimeSeconds: number
}

/** What a node says of a member of its swarm. */
export interface PeerStatus {
  readonly peer: string
  /** `exchanging`: a neighbour, linked. `connecting`: a neighbour without a link. `known`: a member further away. */
  readonly state: 'exchanging' | 'connecting' | 'known'
  /** The round that it last announced. */
  readonly round: number
  /** Its weight in our averaging; undefined when it is no neighbour. */
  readonly weight: number | undefined
  readonly rttMs: number | undefined
  readonly bytes: Bytes
  readonly rejected: Readonly<Record<string, number>>
}
