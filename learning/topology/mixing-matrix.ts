import type { Graph } from './topology.js'

/** One entry w_ij, i not j, of a mixing matrix. */
export interface NeighbourWeight {
  readonly neighbour: number
  readonly weight: number
}

/**
 * A mixing matrix W by its rows: row i holds the w_ij of i's neighbours j, ascending. What is left of 1 is w_ii.
 *
 * So W x is x_i + sum over j of w_ij (x_j - x_i), whoever of the neighbours is heard.
 */
export type MixingMatrix = readonly (readonly NeighbourWeight[])[]

/**
 * One row of the Metropolis-Hastings matrix: what a device needs to average. It asks for its neighbours' degrees only.
 *
 * w_ij = 1 / (1 + max(d_i, d_j)) with d the degree. W is symmetric and doubly stochastic, and w_ii > 0.
 *
 * Source: Xiao, Boyd, Lall, "A Scheme for Robust Distributed Sensor Fusion Based on Average Consensus", IPSN 2005.
 */
export function neighbourWeights(graph: Graph, node: number): NeighbourWeight[] {
  const { neighbours } = graph
  const degree = neighbours[node].length
  return neighbours[node].map(neighbour => ({
    neighbour,
    weight: 1 / (1 + Math.max(degree, neighbours[neighbour].length))
  }))
}

/** All rows of the Metropolis-Hastings matrix; see `neighbourWeights`. */
export function metropolisHastings(graph: Graph): MixingMatrix {
  return graph.neighbours.map((_, node) => neighbourWeights(graph, node))
}

/** w_ii: 1 less the row's other weights. */
export function selfWeight(row: readonly NeighbourWeight[]): number {
  return row.reduce((rest, { weight }) => rest - weight, 1)
}
