import { checkEdges, circulantEdges, fixedTopology } from './graph.js'

/**
 * i ~ i ± 2^k (mod size) for every 2^k < size: at most 2 ceil(log2 size) neighbours each.
 *
 * Source: Ying, Yuan, Chen, Hu, Pan, Yin, "Exponential Graph is Provably Efficient for Decentralized Deep Training",
 * NeurIPS 2021 (the static graph, directed there; here each edge goes both ways).
 */
export const exponential = fixedTopology('exponential', size => {
  const offsets: number[] = []
  for (let offset = 1; offset < size; offset *= 2) offsets.push(offset)
  checkEdges('exponential', size, size * offsets.length)
  return circulantEdges(size, offsets)
})
