import './with-resolvers.js'
import { gossipsub, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { identify, type Identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Datastore } from 'interface-datastore'
import { createLibp2p } from 'libp2p'
import type { Registry } from 'prom-client'
import { systemClock } from './clock.js'
import { gatherWrites } from './gather-writes.js'
import { limitStreams } from './stream-limit.js'
import type { Traffic } from './traffic.js'

export type Host = Libp2p<{ identify: Identify; ping: Ping; pubsub: GossipSub }>

export interface HostInit {
  readonly privateKey: PrivateKey
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  /** Where peers are remembered; in memory without it. */
  readonly datastore?: Datastore
  readonly traffic: Traffic
  /** Where libp2p keeps figures of its own; nowhere without it. One node a process may have one. */
  readonly registry?: Registry
  /** Only hosts with the same key can talk to each other. @default open to all */
  readonly swarmKey?: Uint8Array
  /** Look for peers on the local network. @default false */
  readonly mdns?: boolean
  /** Whether there may be a connection with a peer. @default with everybody */
  readonly admits?: (peer: string) => boolean
  /** A peer opened more streams than anybody needs; its connection is cut. */
  readonly onFlood?: (peer: string) => void
  /** A peer opened one more stream than this protocol takes at once; it is reset. */
  readonly onSurplusStream?: (peer: string, protocol: string) => void
}

const mebibyte = 1024 * 1024
/** A round may be long; whether a peer is alive, the connection monitor tells. */
const streamInactivityMs = 24 * 3600 * 1000

const mdnsService = '_murmur._udp.local'
/** A query on the local network may be lost, and answers go to whoever asked: soon once more. */
const mdnsIntervalMs = 2000

const handshakeTimeoutMs = 30_000
/**
 * Until a connection is there. An attempt that hears nothing asks ever less often, after 1, 3, 7 and 15 s, and those who want to
 * dial the same peer join it: who is back is found sooner by a new one.
 */
const connectTimeoutMs = 4000
/** Options of `net.connect`, of which the transport's type names only some. */
const dialOpts = { noDelay: true, timeout: connectTimeoutMs }

/** A libp2p node as murmur uses it, started. */
export async function createHost({
  privateKey,
  listen,
  datastore,
  traffic,
  registry,
  swarmKey,
  mdns: useMdns = false,
  admits = () => true,
  onFlood = () => {},
  onSurplusStream = () => {}
}: HostInit): Promise<Host> {
  // What few hosts need is loaded for them alone.
  const discovery = useMdns
    ? (await import('@libp2p/mdns')).mdns({ serviceTag: mdnsService, interval: mdnsIntervalMs })
    : undefined
  const protector = swarmKey === undefined ? undefined : (await import('@libp2p/pnet')).preSharedKey({ psk: swarmKey })
  const figures =
    registry === undefined ? undefined : (await import('@libp2p/prometheus-metrics')).prometheusMetrics({ registry })
  const muxer = yamux({
    streamOptions: {
      // Pausing a stream is safe only when what may be under way fits into its buffer.
      maxStreamWindowSize: mebibyte,
      maxReadBufferLength: 2 * mebibyte,
      inactivityTimeout: streamInactivityMs
    }
  })
  const tellPeer = (stream: Stream, tell: (peer: string) => void): void => {
    const connection = host.getConnections().find(({ streams }) => streams.includes(stream))
    if (connection !== undefined) tell(connection.remotePeer.toString())
  }
  const host: Host = await createLibp2p({
    privateKey,
    datastore,
    addresses: { listen: [...listen] },
    transports: [tcp({ dialOpts })],
    connectionEncrypters: [gatherWrites(noise())],
    connectionProtector: protector,
    peerDiscovery: discovery === undefined ? [] : [discovery],
    streamMuxers: [
      limitStreams(muxer, systemClock, {
        onFlood: stream => tellPeer(stream, onFlood),
        onSurplus: stream => tellPeer(stream, peer => onSurplusStream(peer, stream.protocol))
      })
    ],
    // A frozen peer costs its neighbours one deadline, so there is no haste to drop it; dropping one that is only busy makes it
    // busier still. A ping must end before the next begins: two at once count as a failure, and end the connection.
    connectionMonitor: { pingInterval: 10_000, pingTimeout: { minTimeout: 8_000, maxTimeout: 9_000 } },
    connectionGater: {
      denyDialPeer: peer => !admits(peer.toString()),
      denyInboundEncryptedConnection: peer => !admits(peer.toString()),
      denyOutboundEncryptedConnection: peer => !admits(peer.toString())
    },
    // Many nodes of one swarm may share an address: behind one router, or on one machine.
    connectionManager: {
      inboundConnectionThreshold: 100,
      maxIncomingPendingConnections: 100,
      // A slow device, or a machine on which many nodes start at once, needs its time for a handshake.
      dialTimeout: handshakeTimeoutMs,
      addressDialTimeout: handshakeTimeoutMs,
      inboundUpgradeTimeout: handshakeTimeoutMs,
      inboundStreamProtocolNegotiationTimeout: handshakeTimeoutMs,
      outboundStreamProtocolNegotiationTimeout: handshakeTimeoutMs
    },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        emitSelf: false,
        scoreParams: { IPColocationFactorWeight: 0 }
      })
    },
    metrics: components => (figures === undefined ? traffic.metrics : traffic.watch(figures(components)))
  })
  return host
}
