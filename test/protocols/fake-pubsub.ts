import type { Message } from '@chainsafe/libp2p-gossipsub'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { MembershipComponents } from '../../protocols/membership.js'
import { Member } from '../../protocols/messages.js'

/** What gossipsub is for one topic; messages come from the test. */
export class FakePubsub extends EventTarget {
  readonly published: Member[] = []
  readonly #topic: string
  subscribed = false
  readonly topicValidators: MembershipComponents['pubsub']['topicValidators'] = new Map()

  constructor(topic: string) {
    super()
    this.#topic = topic
  }

  get asPubsub(): MembershipComponents['pubsub'] {
    return this as unknown as MembershipComponents['pubsub']
  }

  subscribe(): void {
    this.subscribed = true
  }

  unsubscribe(): void {
    this.subscribed = false
  }

  async publish(_: string, data: Uint8Array): Promise<never> {
    this.published.push(Member.decode(data))
    throw new Error('nobody is listening')
  }

  deliver(from: PeerId, data: Uint8Array, change: { topic?: string; type?: string } = {}): void {
    const msg = { type: 'signed', topic: this.#topic, from, data, ...change } as unknown as Message
    this.dispatchEvent(new CustomEvent('gossipsub:message', { detail: { msg } }))
  }
}

export async function newPeer(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}
