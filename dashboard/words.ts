import type { Model } from './model.js'
import type { Node, NodeState } from './wire.js'

/** "814 kB", "1.63 MB". Decimal units. */
export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`
  for (const [unit, size] of [
    ['kB', 1e3],
    ['MB', 1e6]
  ] as const) {
    if (value < 1000 * size) return `${significant(value / size)} ${unit}`
  }
  return `${significant(value / 1e9)} GB`
}

/** "3 min 20 s" */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** An accuracy as "93.1 %", an r2 as "0.931". */
export function score(value: number, figure: 'accuracy' | 'r2'): string {
  return figure === 'accuracy' ? `${(100 * value).toFixed(1)} %` : value.toFixed(3)
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

const words: Readonly<Record<NodeState, string>> = {
  starting: 'starting',
  training: 'training',
  averaging: 'averaging',
  resting: 'resting',
  learning: 'learning',
  paused: 'paused',
  finished: 'finished',
  known: 'known, no neighbour',
  unreachable: 'no link',
  gone: 'gone'
}

export function nodeState({ state }: Node): string {
  return words[state]
}

/** What is going on, in a few words. */
export function activity({ state, nodes }: Model): string {
  if (state.state === 'paused') return 'paused'
  const all = [...nodes.values()]
  if (state.kind === 'swarm') return swarmActivity(state.state, all)
  const self = nodes.get(state.self ?? '')
  if (self === undefined) return state.state
  return selfActivity(self, all.length === 1)
}

function swarmActivity(state: string, nodes: readonly Node[]): string {
  const gone = nodes.filter(node => node.state === 'gone').length
  const left = gone === 0 ? '' : `, ${gone} gone`
  const rest = count(nodes.length - gone, 'node')
  if (state === 'finished') return `finished: ${rest} answering${left}`
  return state === 'starting' ? `${rest} starting` : `${rest} learning${left}`
}

function selfActivity({ state, neighbours, awaited }: Node, alone: boolean): string {
  if (state === 'training') return alone ? 'training alone' : 'training on its own rows'
  if (state === 'averaging' && neighbours.length > 0) {
    return `averaging with ${neighbours.length - awaited.length} of ${count(neighbours.length, 'neighbour')}`
  }
  if (state === 'resting') return 'resting until the next round'
  return state
}

function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
