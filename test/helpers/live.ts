import type { LiveLink, LiveNode, LiveState } from '../../node/http/live.js'

type State = Omit<LiveState, 'uptimeSeconds'>

/** The state of a swarm of some nodes on a ring, each in some round. */
export function liveState(nodes: number, round: number): State {
  const peers = Array.from({ length: nodes }, (_, i) => `peer-${String(i).padStart(3, '0')}`)
  return {
    kind: 'swarm',
    task: { id: 'abc', name: 'tulips', figure: 'accuracy' },
    model: { parameters: 1000, backend: 'plan' },
    state: 'learning',
    round,
    rounds: null,
    self: null,
    join: null,
    nodes: peers.map((peer, i) => liveNode(peer, i, round, peers)),
    links: peers.flatMap((a, i): LiveLink[] => {
      const ends = [a, peers[(i + 1) % nodes]].sort()
      return nodes < 2 ? [] : [{ a: ends[0], b: ends[1], state: 'open', updates: 2 * round }]
    })
  }
}

function liveNode(peer: string, index: number, round: number, peers: readonly string[]): LiveNode {
  return {
    peer,
    name: String(index),
    state: 'learning',
    round,
    loss: 1 / (1 + round),
    score: 1 - 1 / (2 + round + index / 100),
    bytesSent: 1000 * round,
    bytesReceived: 1000 * round,
    neighbours: [peers[(index + 1) % peers.length]],
    awaited: [],
    rejected: {}
  }
}
