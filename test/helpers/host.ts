import '../../node/with-resolvers.js'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createHost, type Host, type HostInit } from '../../node/host.js'
import { Traffic } from '../../node/traffic.js'
import { Changes } from './changes.js'

export interface TestHost {
  readonly host: Host
  readonly id: string
  readonly traffic: Traffic
}

/** A node of the network alone, on a free port of this machine. */
export async function createTestHost(init: Partial<HostInit> = {}): Promise<TestHost> {
  const traffic = new Traffic()
  const privateKey = await generateKeyPair('Ed25519')
  const host = await createHost({ privateKey, listen: ['/ip4/127.0.0.1/tcp/0'], traffic, ...init })
  return { host, id: host.peerId.toString(), traffic }
}

/** Connected hosts: the first dials every other one. They stop when `run` has ended, however it ended. */
export async function withHosts(count: number, run: (...hosts: TestHost[]) => Promise<void>): Promise<void> {
  const hosts = await Promise.all(Array.from({ length: count }, () => createTestHost()))
  try {
    for (const other of hosts.slice(1)) await connect(hosts[0], other)
    await run(...hosts)
  } finally {
    await Promise.all(hosts.map(async ({ host }) => host.stop()))
  }
}

/** Dial, and wait until both sides know of the connection. */
export async function connect(from: TestHost, to: TestHost): Promise<void> {
  const seen = new Changes()
  to.host.addEventListener('connection:open', seen.notify)
  await from.host.dial(to.host.getMultiaddrs())
  await seen.until(() => to.host.getConnections(from.host.peerId).length > 0, 'the dialled side to see the connection')
  to.host.removeEventListener('connection:open', seen.notify)
}
