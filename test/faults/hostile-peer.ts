import '../../node/with-resolvers.js'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Update } from '../../learning/averaging/averaging.js'
import { systemClock } from '../../node/clock.js'
import { createHost, type Host } from '../../node/host.js'
import { Traffic } from '../../node/traffic.js'
import { Exchange, fetchTask, Membership, type TaskOffer } from '../../protocols/index.js'
import { exchangeProtocol } from '../../protocols/protocol-ids.js'
import type { FaultNode } from './fault-swarm.js'

/** A peer that speaks our protocols, and says what it likes. */
export class HostilePeer {
  readonly host: Host
  readonly offer: TaskOffer
  readonly exchange: Exchange
  readonly membership: Membership
  /** The latest update of each node. */
  readonly #latest = new Map<string, Update>()

  private constructor(host: Host, offer: TaskOffer, layoutHash: string) {
    this.host = host
    this.offer = offer
    this.exchange = new Exchange(
      { libp2p: host, clock: systemClock },
      {
        taskId: offer.taskId,
        layoutHash,
        maxUpdateBytes: 64 * 1024 * 1024,
        onUpdate: (from, update) => {
          this.#latest.set(from, update)
        },
        onLinksChanged: () => {},
        onFault: () => {}
      }
    )
    this.membership = new Membership(
      { pubsub: host.services.pubsub, clock: systemClock },
      {
        taskId: offer.taskId,
        self: host.peerId.toString(),
        addresses: () => host.getMultiaddrs(),
        round: () => this.newestRound,
        firstSequence: BigInt(Date.now()),
        onFault: () => {},
        onChange: () => {}
      }
    )
  }

  /** The newest round that any node has sent it an update for; 0: none. */
  get newestRound(): number {
    return Math.max(0, ...[...this.#latest.values()].map(({ round }) => round))
  }

  /** What a node has sent it last. */
  latestOf(peer: string): Update | undefined {
    return this.#latest.get(peer)
  }

  /** Become a member of a swarm, with a new identity. */
  static async join(nodes: readonly FaultNode[], layoutHash: string): Promise<HostilePeer> {
    const privateKey = await generateKeyPair('Ed25519')
    const host = await createHost({ privateKey, listen: ['/ip4/127.0.0.1/tcp/0'], traffic: new Traffic() })
    for (const { addresses } of nodes) await host.dial(multiaddr(addresses[0]))
    const offer = await fetchTask(host, host.getPeers()[0], { signal: AbortSignal.timeout(10_000) })
    const peer = new HostilePeer(host, offer, layoutHash)
    await peer.exchange.start()
    peer.membership.start()
    return peer
  }

  /** Open links to all nodes that still let it in. */
  async link(): Promise<void> {
    for (const peer of this.host.getPeers()) {
      await this.exchange.open(peer, { signal: AbortSignal.timeout(5000) }).catch(() => {})
    }
  }

  /** Streams of the exchange protocol to a node, without a word said on them; as many as it lets us open. */
  async streams(node: FaultNode, count: number): Promise<Stream[]> {
    const opened: Stream[] = []
    for (let i = 0; i < count; i++) {
      const stream = await this.host
        .dialProtocol(multiaddr(node.addresses[0]), exchangeProtocol, { signal: AbortSignal.timeout(2000) })
        .catch(() => undefined)
      if (stream === undefined) continue
      stream.addEventListener('message', () => {})
      opened.push(stream)
    }
    return opened
  }

  async leave(): Promise<void> {
    this.membership.stop()
    await this.exchange.stop()
    await this.host.stop()
  }
}
