// What the server tells the page, as in node/http/live.ts; the page imports nothing from there, for it speaks only HTTP.

export interface State {
  readonly kind: 'node' | 'swarm'
  readonly task: { readonly id: string; readonly name: string; readonly figure: 'accuracy' | 'r2' }
  readonly model: { readonly parameters: number; readonly backend: string }
  readonly state: 'starting' | 'learning' | 'paused' | 'finished'
  readonly round: number
  readonly rounds: number | null
  readonly self: string | null
  readonly join: string | null
  readonly uptimeSeconds: number
  readonly nodes: readonly Node[]
  readonly links: readonly Link[]
}

export interface Node {
  readonly peer: string
  readonly name: string
  readonly state: NodeState
  readonly round: number
  readonly loss: number | null
  readonly score: number | null
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly neighbours: readonly string[]
  readonly awaited: readonly string[]
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
  | 'known'
  | 'unreachable'
  | 'gone'

export interface Link {
  readonly a: string
  readonly b: string
  readonly state: 'open' | 'late' | 'refusing' | 'down'
  readonly updates: number
}

export interface Round {
  readonly round: number
  readonly seconds: number
  readonly loss: number | null
  readonly score: { readonly mean: number; readonly min: number; readonly max: number } | null
  readonly consensus: number | null
  readonly bytes: number
  readonly ratio: number | null
}

export interface Note {
  readonly seconds: number
  readonly kind: 'info' | 'warning'
  readonly text: string
}

export interface Snapshot {
  readonly state: State
  readonly rounds: readonly Round[]
  readonly notes: readonly Note[]
}

export interface Delta {
  readonly state: Partial<Omit<State, 'nodes' | 'links'>>
  readonly nodes: readonly Node[]
  readonly links: readonly Link[]
  readonly rounds: readonly Round[]
  readonly notes: readonly Note[]
}

/** What is learned, as far as asking the model needs it. */
export interface Task {
  readonly name: string
  readonly schema: TableSchema | ImageSchema
}

export interface TableSchema {
  readonly kind: 'table'
  readonly columns: readonly Column[]
  readonly label: Label
}

export interface ImageSchema {
  readonly kind: 'image'
  /** [height, width, channels] */
  readonly imageShape: readonly number[]
  readonly label: Label
}

export type Column =
  | { readonly name: string; readonly kind: 'number' }
  | { readonly name: string; readonly kind: 'category'; readonly categories: readonly string[] }

export type Label =
  | { readonly kind: 'class'; readonly name: string; readonly classes: readonly string[] }
  | { readonly kind: 'number'; readonly name: string }
