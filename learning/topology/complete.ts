import { checkEdges, fixedTopology, type Edge } from './graph.js'

/** Everybody is everybody's neighbour: one averaging reaches the mean, at size - 1 messages a node. */
export const complete = fixedTopology('complete', completeEdges)

function* completeEdges(size: number): Generator<Edge> {
  checkEdges('complete', size, (size * (size - 1)) / 2)
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) yield [i, j]
}
