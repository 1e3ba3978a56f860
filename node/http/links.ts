import { InvalidParametersError } from '../../learning/errors.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import type { LiveLink } from './live.js'

type Ends = Pick<LiveLink, 'a' | 'b'>

export function endsOf(one: string, other: string): Ends {
  return one < other ? { a: one, b: other } : { a: other, b: one }
}

/**
 * The links that a topology gives these peers.
 *
 * @param peers - ascending, as nodes number themselves
 * @returns none when the topology does not exist for so many
 */
export function topologyLinks(topology: string, seed: number, peers: readonly string[]): Ends[] {
  try {
    const { neighbours } = createTopology(topology).graph(peers.length, seed)
    return neighbours.flatMap((own, i) => own.filter(j => i < j).map(j => endsOf(peers[i], peers[j])))
  } catch (error) {
    if (error instanceof InvalidParametersError) return []
    throw error
  }
}
