import './with-resolvers.js'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { TaskOffer } from '../protocols/index.js'
import { readSwarmKey } from './access.js'
import { systemClock } from './clock.js'
import { joinSwarm, readAddress } from './join.js'
import { Traffic } from './traffic.js'

/**
 * Ask a peer what it learns, with an identity for this question alone.
 *
 * @param swarmKey - file of the key of a closed swarm
 * @throws JoinError, InvalidAddressError, InvalidKeyError
 */
export async function probe(address: string, timeoutMs: number, swarmKey?: string): Promise<TaskOffer> {
  const target = readAddress(address)
  const { createHost } = await import('./host.js')
  const host = await createHost({
    privateKey: await generateKeyPair('Ed25519'),
    listen: [],
    traffic: new Traffic(),
    swarmKey: swarmKey === undefined ? undefined : readSwarmKey(swarmKey)
  })
  try {
    return await joinSwarm(host, [target], { timeoutMs, clock: systemClock })
  } finally {
    await host.stop()
  }
}
