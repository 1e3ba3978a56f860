/** What a page shows of a node or of a whole swarm. `dashboard/wire.ts` reads it; a test holds the two together. */
export interface LiveState {
  readonly kind: 'node' | 'swarm'
  readonly task: { readonly id: string; readonly name: string; readonly figure: 'accuracy' | 'r2' }
  readonly model: { readonly parameters: number; readonly backend: string }
  readonly state: 'starting' | 'learning' | 'paused' | 'finished'
  /** The round under way; of a swarm, the last one that all nodes have ended. */
  readonly round: number
  /** The last round; null: it learns until it is stopped. */
  readonly rounds: number | null
  /** The peer that the page is about; null for a swarm. */
  readonly self: string | null
  /** What another device types to take part; null when nobody can. */
  readonly join: string | null
  readonly uptimeSeconds: number
  readonly nodes: readonly LiveNode[]
  readonly links: readonly LiveLink[]
}

/** One node, as far as whoever tells knows it. */
export interface LiveNode {
  readonly peer: string
  /** Short, and unique on the page. */
  readonly name: string
  readonly state: NodeState
  readonly round: number
  readonly loss: number | null
  /** Accuracy or r2 of its last evaluation. */
  readonly score: number | null
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly neighbours: readonly string[]
  /** Neighbours that its averaging under way still waits for. */
  readonly awaited: readonly string[]
  /** Messages that were refused, by reason. */
  readonly rejected: Readonly<Record<string, number>>
}

export type NodeState =
  | 'starting'
  | 'training'
  | 'averaging'
  | 'resting'
  | 'learning'
  | 'paused'
  | 'finished'
  /** A member of the swarm that is no neighbour. */
  | 'known'
  /** A neighbour without a link. */
  | 'unreachable'
  | 'gone'

/** Between two nodes, `a` before `b` by peer id. */
export interface LiveLink {
  readonly a: string
  readonly b: string
  /** `late`: the last round went on without an update over it. `refusing`: what came over it was refused. */
  readonly state: 'open' | 'late' | 'refusing' | 'down'
  /** Updates averaged over it, both ways. */
  readonly updates: number
}

/** One point of the curves. */
export interface LiveRound {
  readonly round: number
  /** Since learning started. */
  readonly seconds: number
  /** Mean training loss; null when it was not finite. */
  readonly loss: number | null
  /** Accuracy or r2; null when the round was not evaluated. */
  readonly score: { readonly mean: number; readonly min: number; readonly max: number } | null
  /** Consensus distance; of a single node, the distance to its neighbours. */
  readonly consensus: number | null
  /** Sent in this round, by a node on average. */
  readonly bytes: number
  /** How many times more the same updates would take as 32-bit floats; null when none was sent. */
  readonly ratio: number | null
}

/** One line of the event log. */
export interface LiveNote {
  /** Since the feed began. */
  readonly seconds: number
  readonly kind: 'info' | 'warning'
  readonly text: string
}

/** All there is to know, for a client that begins. */
export interface LiveSnapshot {
  readonly state: LiveState
  /** The latest, oldest first. */
  readonly rounds: readonly LiveRound[]
  readonly notes: readonly LiveNote[]
}

/** What has changed since the message before. Nodes and links are whole; those that are left out have not changed. */
export interface LiveDelta {
  readonly state: Partial<Omit<LiveState, 'nodes' | 'links'>>
  readonly nodes: readonly LiveNode[]
  readonly links: readonly LiveLink[]
  readonly rounds: readonly LiveRound[]
  readonly notes: readonly LiveNote[]
}
