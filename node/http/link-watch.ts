import type { MurmurNode, RoundRecord } from '../node.js'
import type { NodeStatus, PeerStatus } from '../status.js'
import { faultsIn } from './figures.js'
import { endsOf } from './links.js'
import type { LiveLink } from './live.js'

/** Follows what passes between a node and its neighbours. */
export class LinkWatch {
  readonly #node: Pick<MurmurNode, 'peerId' | 'rejectedFrom'>
  /** Updates of each peer that were averaged. */
  readonly #updates = new Map<string, number>()
  readonly #faults = new Map<string, number>()
  #late: readonly string[] = []
  #refused = new Set<string>()

  constructor(node: Pick<MurmurNode, 'peerId' | 'rejectedFrom'>) {
    this.#node = node
  }

  roundEnded({ averagedWith, missed }: Pick<RoundRecord, 'averagedWith' | 'missed'>): void {
    for (const peer of averagedWith) this.#updates.set(peer, (this.#updates.get(peer) ?? 0) + 1)
    this.#late = missed
    this.#refused = new Set()
    for (const [peer, rejected] of this.#node.rejectedFrom) {
      const faults = faultsIn(rejected)
      if (faults > (this.#faults.get(peer) ?? 0)) this.#refused.add(peer)
      this.#faults.set(peer, faults)
    }
  }

  /** The links to all neighbours, as they were in the last round. @param peers - what the node knows of each other member now */
  links({ neighbours }: Pick<NodeStatus, 'neighbours'>, peers: readonly PeerStatus[]): LiveLink[] {
    const linked = new Set(peers.flatMap(({ peer, state }) => (state === 'exchanging' ? peer : [])))
    return neighbours.map(peer => ({
      ...endsOf(this.#node.peerId, peer),
      state: this.#refused.has(peer)
        ? 'refusing'
        : !linked.has(peer)
          ? 'down'
          : this.#late.includes(peer)
            ? 'late'
            : 'open',
      updates: this.#updates.get(peer) ?? 0
    }))
  }
}
