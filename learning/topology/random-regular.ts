import { InvalidParametersError } from '../errors.js'
import { createRng, shuffle, type Rng } from '../rng.js'
import { checkEdges, circulantEdges, createGraph, isConnected, type Edge } from './graph.js'
import type { Graph, TopologyKind } from './topology.js'

/** @default 4 */
export const DEFAULT_DEGREE = 4
/** Switches tried for each edge before the graph counts as random. */
const SWITCHES_PER_EDGE = 10

/**
 * `random-regular:K`: a random connected graph in which every node has K neighbours. Its spectral gap does not shrink
 * as the swarm grows (for K >= 3), where that of a ring or a torus does.
 *
 * From a circulant graph of random labels, two random edges a-b and c-d become a-c and b-d wherever that leaves the
 * graph simple; a result in several parts is drawn again. Dense graphs are as easy as sparse ones.
 *
 * Source: Cooper, Dyer, Greenhill, "Sampling Regular Graphs and a Peer-to-Peer Network", Combinatorics, Probability and
 * Computing 16(4), 2007.
 */
export const randomRegular: TopologyKind = {
  name: 'random-regular',
  create(argument) {
    const degree = argument === undefined ? DEFAULT_DEGREE : Number(argument)
    if (!Number.isInteger(degree) || degree < 2 || (argument !== undefined && argument !== String(degree))) {
      throw new InvalidParametersError(
        `random-regular:${argument}: expected a whole number of neighbours, at least 2, as in random-regular:4`
      )
    }
    const spec = `random-regular:${degree}`
    return {
      spec,
      graph(size, seed) {
        checkExists(spec, degree, size)
        checkEdges(spec, size, (size * degree) / 2)
        const rng = createRng(seed).fork('random-regular')
        let graph: Graph
        do graph = draw(size, degree, rng)
        while (!isConnected(graph))
        return graph
      }
    }
  }
}

function checkExists(spec: string, degree: number, size: number): void {
  if (size <= degree) {
    throw new InvalidParametersError(
      `${spec} on ${size} nodes: there is no one to be the ${degree} neighbours of each. ` +
        `Use complete, or at least ${degree + 1} nodes.`
    )
  }
  if ((size * degree) % 2 === 1) {
    throw new InvalidParametersError(
      `${spec} on ${size} nodes: no such graph exists, for ${size} x ${degree} is odd. ` +
        `Use random-regular:${degree - 1}, random-regular:${degree + 1}, or an even number of nodes.`
    )
  }
}

function draw(size: number, degree: number, rng: Rng): Graph {
  const labels = shuffle(
    Array.from({ length: size }, (_, i) => i),
    rng
  )
  const offsets = Array.from({ length: Math.floor(degree / 2) }, (_, i) => i + 1)
  if (degree % 2 === 1) offsets.push(size / 2)
  const circulant = Array.from(circulantEdges(size, offsets), ([a, b]): Edge => [labels[a], labels[b]])
  const graph = createGraph(size, circulant)
  // With two neighbours each, a ring of random labels is every connected graph there is, and a switch often breaks it.
  return degree === 2 ? graph : switchEdges(graph, rng)
}

/** @returns a graph of the same degrees, connected or not */
function switchEdges(graph: Graph, rng: Rng): Graph {
  const neighbours = graph.neighbours.map(ends => new Set(ends))
  const edges = graph.neighbours.flatMap((ends, i) => ends.filter(j => i < j).map((j): Edge => [i, j]))
  for (let tries = SWITCHES_PER_EDGE * edges.length; tries > 0; tries--) {
    const first = rng.integer(edges.length)
    const second = rng.integer(edges.length)
    const [a, b] = edges[first]
    const [c, d] = rng.integer(2) === 0 ? edges[second] : [edges[second][1], edges[second][0]]
    if (a === c || b === d || neighbours[a].has(c) || neighbours[b].has(d)) continue
    unlink(neighbours, a, b)
    unlink(neighbours, c, d)
    edges[first] = link(neighbours, a, c)
    edges[second] = link(neighbours, b, d)
  }
  return createGraph(graph.size, edges)
}

function link(neighbours: readonly Set<number>[], a: number, b: number): Edge {
  neighbours[a].add(b)
  neighbours[b].add(a)
  return [a, b]
}

function unlink(neighbours: readonly Set<number>[], a: number, b: number): void {
  neighbours[a].delete(b)
  neighbours[b].delete(a)
}
