import type { GossipSub, Message } from '@chainsafe/libp2p-gossipsub'
import type { Clock } from './clock.js'
import type { Fault } from './errors.js'
import { GossipQuota } from './gossip-quota.js'
import { decodeMember, encodeMember } from './member-record.js'
import { Member } from './messages.js'
import type { Membership } from './membership.js'
import { doubtsTopic } from './protocol-ids.js'

/** Who is doubted has this long to be heard. */
const graceMs = 2500
/** And says that it is here at most this often, however many doubt it. */
const answerEveryMs = 500
/** Doubts of one peer that are listened to in a minute. */
const maxPerMinute = 120

export interface DoubtsComponents {
  readonly pubsub: Pick<
    GossipSub,
    'addEventListener' | 'removeEventListener' | 'subscribe' | 'unsubscribe' | 'publish' | 'topicValidators'
  >
  readonly membership: Pick<Membership, 'heardAtMs' | 'forget' | 'announceSoon' | 'peers'>
  readonly clock: Clock
}

export interface DoubtsInit {
  readonly taskId: string
  readonly self: string
  readonly onFault: (peer: string, fault: Fault, detail: string) => void
}

/**
 * Finds out soon who is gone. A peer that lost another tells all others that it doubts it; who is doubted and lives announces
 * itself, and who is not heard in time is forgotten, by all at about the same time. So a dead neighbour is replaced within
 * seconds, while one that is only busy, or cut off from one peer alone, stays: no peer's word is enough against another.
 *
 * Source: the suspicion of Das, Gupta, Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership
 * Protocol", DSN 2002.
 */
export class Doubts {
  readonly #parts: DoubtsComponents
  readonly #init: DoubtsInit
  readonly #topic: string
  /** Cancels the end of its grace, of each member that is doubted. */
  readonly #doubted = new Map<string, () => void>()
  readonly #quota: GossipQuota
  #answeredAtMs = -Infinity
  #cancelAnswer: (() => void) | undefined

  constructor(components: DoubtsComponents, init: DoubtsInit) {
    this.#parts = components
    this.#init = init
    this.#topic = doubtsTopic(init.taskId)
    this.#quota = new GossipQuota(components.clock, {
      maxPerMinute,
      others: () => components.membership.peers.length,
      onFlood: peer => init.onFault(peer, 'flooding', 'doubts')
    })
  }

  start(): void {
    const { pubsub } = this.#parts
    pubsub.addEventListener('gossipsub:message', this.#onMessage)
    pubsub.topicValidators.set(this.#topic, this.#quota.validate)
    pubsub.subscribe(this.#topic)
  }

  stop(): void {
    const { pubsub } = this.#parts
    pubsub.removeEventListener('gossipsub:message', this.#onMessage)
    pubsub.unsubscribe(this.#topic)
    pubsub.topicValidators.delete(this.#topic)
    for (const cancel of this.#doubted.values()) cancel()
    this.#cancelAnswer?.()
  }

  /** This node has lost a member: ask all whether it is still there. Costs nothing while it is doubted already. */
  raise(peer: string): void {
    if (!this.#doubt(peer)) return
    const data = Member.encode(encodeMember({ peer, addresses: [], round: 0 }))
    this.#parts.pubsub.publish(this.#topic, data).catch(() => {})
  }

  readonly #onMessage = (event: CustomEvent<{ msg: Message }>): void => {
    const { msg } = event.detail
    if (msg.topic !== this.#topic || msg.type !== 'signed') return
    const peer = readPeer(msg.data)
    if (peer === undefined) this.#init.onFault(msg.from.toString(), 'malformed', 'a doubt that cannot be read')
    else if (peer === this.#init.self) this.#answer()
    else this.#doubt(peer)
  }

  /** @returns whether it is a member, and was not doubted yet */
  #doubt(peer: string): boolean {
    const { membership, clock } = this.#parts
    const heardAtMs = membership.heardAtMs(peer)
    if (heardAtMs === undefined || this.#doubted.has(peer)) return false
    const cancel = clock.after(graceMs, () => {
      this.#doubted.delete(peer)
      if (membership.heardAtMs(peer) === heardAtMs) membership.forget(peer)
    })
    this.#doubted.set(peer, cancel)
    return true
  }

  #answer(): void {
    const { clock, membership } = this.#parts
    const waitMs = Math.max(0, this.#answeredAtMs + answerEveryMs - clock.now())
    this.#cancelAnswer ??= clock.after(waitMs, () => {
      this.#cancelAnswer = undefined
      this.#answeredAtMs = clock.now()
      membership.announceSoon()
    })
  }
}

function readPeer(data: Uint8Array): string | undefined {
  try {
    return decodeMember(Member.decode(data))?.peer
  } catch {
    return undefined
  }
}
