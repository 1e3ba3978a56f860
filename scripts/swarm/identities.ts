import { createHash } from 'node:crypto'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

export interface Identity {
  readonly peer: string
  readonly privateKey: PrivateKey
}

/**
 * The identities of a swarm's nodes, the same in every run of one seed. Numbered in the order of the peer ids, by which
 * nodes find their place in the topology, so that node i of a ring is between nodes i - 1 and i + 1.
 */
export async function swarmIdentities(seed: number, nodes: number): Promise<Identity[]> {
  const identities = await Promise.all(
    Array.from({ length: nodes }, async (_, i) => {
      const own = createHash('sha256').update(`murmur swarm ${seed} ${i}`).digest()
      const privateKey = await generateKeyPairFromSeed('Ed25519', own)
      return { peer: peerIdFromPrivateKey(privateKey).toString(), privateKey }
    })
  )
  return identities.sort((a, b) => (a.peer < b.peer ? -1 : 1))
}
