import { InvalidParametersError } from '../errors.js'
import { createGraph, isConnected, type Edge } from './graph.js'
import type { TopologyKind } from './topology.js'

/** `edges:0-1,1-2,...`: the graph that the caller draws, for the one size that it connects. */
export const edgeList: TopologyKind = {
  name: 'edges',
  create(argument) {
    const edges = parseEdges(argument ?? '')
    return {
      spec: `edges:${edges.map(([a, b]) => `${a}-${b}`).join(',')}`,
      graph(size) {
        for (const [a, b] of edges) {
          if (b < size) continue
          throw new InvalidParametersError(
            `edges: ${a}-${b} names node ${b}; ${size} nodes are numbered 0 to ${size - 1}`
          )
        }
        const graph = createGraph(size, edges)
        if (isConnected(graph)) return graph
        const alone = graph.neighbours.findIndex(ends => ends.length === 0)
        const part = alone < 0 ? 'the edges fall into separate parts' : `node ${alone} has no edge`
        throw new InvalidParametersError(`edges: ${part}, so ${size} nodes cannot agree. Add edges that connect them.`)
      }
    }
  }
}

/** @returns lower end first, ascending, so that equal graphs have equal specs */
function parseEdges(text: string): Edge[] {
  const seen = new Set<string>()
  const edges = text.split(',').map((item): Edge => {
    const match = /^(\d{1,7})-(\d{1,7})$/.exec(item)
    if (match === null) {
      throw new InvalidParametersError(`edges: found "${item}"; expected two nodes, as in edges:0-1,1-2`)
    }
    const ends = [Number(match[1]), Number(match[2])]
    const [a, b] = [Math.min(...ends), Math.max(...ends)]
    if (a === b) throw new InvalidParametersError(`edges: ${item} joins node ${a} to itself. Remove it.`)
    if (seen.has(`${a}-${b}`)) throw new InvalidParametersError(`edges: ${item} is there twice. Remove one.`)
    seen.add(`${a}-${b}`)
    return [a, b]
  })
  return edges.sort((e, f) => e[0] - f[0] || e[1] - f[1])
}
