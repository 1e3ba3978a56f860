import type { Delta, Link, Node, Note, Round, Snapshot, State } from './wire.js'

/** What the page knows, and what of it the latest message has changed. */
export interface Model {
  state: Omit<State, 'nodes' | 'links'>
  readonly nodes: Map<string, Node>
  readonly links: Map<string, Link>
  rounds: Round[]
  notes: Note[]
  /** `Date.now()` when the server began. */
  startedAt: number
}

const keptRounds = 500
const keptNotes = 200

export function modelOf({ state, rounds, notes }: Snapshot): Model {
  const { nodes, links, ...rest } = state
  return {
    state: rest,
    nodes: new Map(nodes.map(node => [node.peer, node])),
    links: new Map(links.map(link => [keyOf(link), link])),
    rounds: [...rounds],
    notes: [...notes],
    startedAt: Date.now() - 1000 * state.uptimeSeconds
  }
}

/** Changes the model. */
export function apply(model: Model, { state, nodes, links, rounds, notes }: Delta): void {
  model.state = { ...model.state, ...state }
  for (const node of nodes) model.nodes.set(node.peer, node)
  for (const link of links) model.links.set(keyOf(link), link)
  model.rounds = [...model.rounds, ...rounds].slice(-keptRounds)
  model.notes = [...model.notes, ...notes].slice(-keptNotes)
}

export function keyOf({ a, b }: Link): string {
  return `${a} ${b}`
}
