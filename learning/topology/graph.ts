import { InvalidParametersError } from '../errors.js'
import { refuseArgument } from '../spec.js'
import type { Graph, TopologyKind } from './topology.js'

export type Edge = readonly [number, number]

/** Some 400 MB; a complete graph of 4,472 nodes has as many. */
const MOST_EDGES = 10_000_000

/** @throws InvalidParametersError when a topology has more edges than memory is there for; asked before they are drawn */
export function checkEdges(spec: string, size: number, edges: number): void {
  if (edges <= MOST_EDGES) return
  throw new InvalidParametersError(
    `${spec} on ${size} nodes: it would have ${edges} edges; at most ${MOST_EDGES} are kept. ` +
      'Use a topology with fewer neighbours, such as random-regular:8, or fewer nodes.'
  )
}

/**
 * @param edges - in any order and direction; repeated ones and those from a node to itself are dropped
 * @throws InvalidParametersError when `size` is no whole number above 0
 */
export function createGraph(size: number, edges: Iterable<Edge>): Graph {
  if (!Number.isInteger(size) || size < 1) {
    throw new InvalidParametersError(`a topology of ${size} nodes; expected a whole number, at least 1`)
  }
  const neighbours = Array.from({ length: size }, () => new Set<number>())
  for (const [a, b] of edges) {
    if (a === b) continue
    neighbours[a].add(b)
    neighbours[b].add(a)
  }
  return { size, neighbours: neighbours.map(set => [...set].sort((a, b) => a - b)) }
}

/** Edges i ~ i + offset (mod size), for every node and offset. */
export function* circulantEdges(size: number, offsets: readonly number[]): Generator<Edge> {
  for (let i = 0; i < size; i++) for (const offset of offsets) yield [i, (i + offset) % size]
}

/** A topology with nothing to set and nothing random: its edges follow from the size alone. */
export function fixedTopology(name: string, edges: (size: number) => Iterable<Edge>): TopologyKind {
  return {
    name,
    create(argument) {
      refuseArgument(name, argument)
      return { spec: name, graph: size => createGraph(size, edges(size)) }
    }
  }
}

/** True when every node can be reached from every other. */
export function isConnected(graph: Graph): boolean {
  const reached = new Set([0])
  // A set visits what is added to it while it is walked.
  for (const node of reached) for (const neighbour of graph.neighbours[node]) reached.add(neighbour)
  return reached.size === graph.size
}
