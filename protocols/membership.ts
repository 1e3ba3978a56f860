import type { GossipSub, Message } from '@chainsafe/libp2p-gossipsub'
import type { Multiaddr } from '@multiformats/multiaddr'
import { decodeMember, encodeMember, type MemberRecord } from './member-record.js'
import { Member } from './messages.js'
import { membersTopic } from './protocol-ids.js'

/** Announce ourselves this often. */
const announceEveryMs = 5_000
/** Forget a member that was not heard of for this long. */
const forgetAfterMs = 30_000
/** Members kept; what comes beyond is ignored until somebody is forgotten. */
const maxMembers = 10_000

/** Answer newcomers together, after this long: no peer can make us talk more by coming and going. */
const answerAfterMs = 100

/** Time, handed in. */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number
  /** @returns a function that cancels the call */
  after(ms: number, call: () => void): () => void
}

export interface MembershipComponents {
  readonly pubsub: Pick<GossipSub, 'addEventListener' | 'removeEventListener' | 'subscribe' | 'unsubscribe' | 'publish'>
  readonly clock: Clock
}

export interface MembershipInit {
  readonly taskId: string
  readonly self: string
  readonly addresses: () => readonly Multiaddr[]
  readonly round: () => number
  /** Somebody came or went. */
  readonly onChange: () => void
}

interface Known {
  readonly record: MemberRecord
  readonly heardAtMs: number
}

/**
 * Who is in the swarm: every member announces itself on a gossipsub topic of the task, signed with its own key. All
 * that a node derives from the list (its neighbours, their weights) it derives by itself, from the sorted peer ids.
 */
export class Membership {
  readonly #parts: MembershipComponents
  readonly #init: MembershipInit
  readonly #topic: string
  readonly #known = new Map<string, Known>()
  #cancelTick = (): void => {}
  /** Set while an answer to newcomers is due. */
  #cancelAnswer: (() => void) | undefined

  constructor(components: MembershipComponents, init: MembershipInit) {
    this.#parts = components
    this.#init = init
    this.#topic = membersTopic(init.taskId)
  }

  /** Peer ids of all members, this node among them, ascending. */
  get peers(): readonly string[] {
    return [...this.#known.keys(), this.#init.self].sort()
  }

  /** What is known of the others and of this node: what a newcomer is told. */
  get records(): readonly MemberRecord[] {
    const { self, addresses, round } = this.#init
    const own = { peer: self, addresses: addresses(), round: round() }
    return [own, ...[...this.#known.values()].map(({ record }) => record)]
  }

  get(peer: string): MemberRecord | undefined {
    return this.#known.get(peer)?.record
  }

  start(): void {
    const { pubsub } = this.#parts
    pubsub.addEventListener('gossipsub:message', this.#onMessage)
    pubsub.addEventListener('subscription-change', this.#announceSoon)
    pubsub.subscribe(this.#topic)
    this.#tick()
  }

  /** Tell the others that we leave, and stop listening. */
  stop(): void {
    const { pubsub } = this.#parts
    this.#cancelTick()
    this.#cancelAnswer?.()
    this.#announce(true)
    pubsub.removeEventListener('gossipsub:message', this.#onMessage)
    pubsub.removeEventListener('subscription-change', this.#announceSoon)
    pubsub.unsubscribe(this.#topic)
  }

  /** Take over what a peer or the user told us, before the members speak for themselves. */
  learn(records: readonly MemberRecord[]): void {
    const before = this.#known.size
    for (const record of records) if (!this.#known.has(record.peer)) this.#remember(record)
    if (this.#known.size !== before) this.#init.onChange()
  }

  readonly #tick = (): void => {
    this.#forgetSilent()
    this.#announce()
    this.#cancelTick = this.#parts.clock.after(announceEveryMs, this.#tick)
  }

  readonly #announceSoon = (): void => {
    this.#cancelAnswer ??= this.#parts.clock.after(answerAfterMs, () => {
      this.#cancelAnswer = undefined
      this.#announce()
    })
  }

  #announce(left = false): void {
    const { self, addresses, round } = this.#init
    const data = Member.encode(encodeMember({ peer: self, addresses: addresses(), round: round() }, left))
    // Best effort, by its nature: whoever misses this one gets the next.
    this.#parts.pubsub.publish(this.#topic, data).catch(() => {})
  }

  readonly #onMessage = (event: CustomEvent<{ msg: Message }>): void => {
    const { msg } = event.detail
    if (msg.topic !== this.#topic || msg.type !== 'signed') return
    let member: Member
    try {
      member = Member.decode(msg.data)
    } catch {
      return
    }
    const record = decodeMember(member)
    // Nobody speaks for somebody else: the signature must be the member's own.
    if (record === undefined || record.peer !== msg.from.toString() || record.peer === this.#init.self) return
    const before = this.#known.size
    if (member.left) this.#known.delete(record.peer)
    else this.#remember(record)
    if (this.#known.size === before) return
    this.#init.onChange()
    if (!member.left) this.#announceSoon()
  }

  #remember(record: MemberRecord): void {
    if (record.peer === this.#init.self) return
    if (!this.#known.has(record.peer) && this.#known.size >= maxMembers) return
    this.#known.set(record.peer, { record, heardAtMs: this.#parts.clock.now() })
  }

  #forgetSilent(): void {
    const before = this.#known.size
    const oldest = this.#parts.clock.now() - forgetAfterMs
    for (const [peer, { heardAtMs }] of this.#known) if (heardAtMs < oldest) this.#known.delete(peer)
    if (this.#known.size !== before) this.#init.onChange()
  }
}
