import type { GossipSub, Message } from '@chainsafe/libp2p-gossipsub'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from './clock.js'
import type { Fault } from './errors.js'
import { forgetOldest, GossipQuota } from './gossip-quota.js'
import { decodeMember, encodeMember, type MemberRecord } from './member-record.js'
import { Member } from './messages.js'
import { membersTopic } from './protocol-ids.js'

/** Members announce themselves this often. */
const announceEveryMs = 5_000
/** Forget a member that was not heard of for this long. */
const forgetAfterMs = 30_000
/** Members kept; what comes beyond is ignored until somebody is forgotten. */
const maxMembers = 10_000

/** Answer newcomers together, after this long: no peer can make us talk more by coming and going. */
const answerAfterMs = 100

/** Announcements of one member that are believed in a minute: it answers newcomers at most ten times a second. */
const maxPerMinute = 600
/** Members whose latest sequence number is kept. */
const maxTracked = 2 * maxMembers

export interface MembershipComponents {
  readonly pubsub: Pick<
    GossipSub,
    'addEventListener' | 'removeEventListener' | 'subscribe' | 'unsubscribe' | 'publish' | 'topicValidators'
  >
  readonly clock: Clock
}

export interface MembershipInit {
  readonly taskId: string
  readonly self: string
  readonly addresses: () => readonly Multiaddr[]
  readonly round: () => number
  /** Of our next announcement: above those of all before, by earlier processes of this identity too. */
  readonly firstSequence: bigint
  /** Somebody announced what is not believed. */
  readonly onFault: (peer: string, fault: Fault, detail: string) => void
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
  #sequence: bigint
  /** The latest of each member, those forgotten too: an old announcement does not bring anybody back. */
  readonly #sequences = new Map<string, bigint>()
  readonly #quota: GossipQuota
  #cancelTick = (): void => {}
  /** Set while an answer to newcomers is due. */
  #cancelAnswer: (() => void) | undefined

  constructor(components: MembershipComponents, init: MembershipInit) {
    this.#parts = components
    this.#init = init
    this.#topic = membersTopic(init.taskId)
    this.#sequence = init.firstSequence
    this.#quota = new GossipQuota(components.clock, {
      maxPerMinute,
      others: () => this.#known.size,
      onFlood: peer => init.onFault(peer, 'flooding', 'announcements')
    })
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

  /** When a member was last heard of, by the clock; undefined: it is none. */
  heardAtMs(peer: string): number | undefined {
    return this.#known.get(peer)?.heardAtMs
  }

  /** A member is gone. It is one again when it announces itself anew. */
  forget(peer: string): void {
    if (this.#known.delete(peer)) this.#init.onChange()
  }

  start(): void {
    const { pubsub } = this.#parts
    pubsub.addEventListener('gossipsub:message', this.#onMessage)
    pubsub.addEventListener('subscription-change', this.announceSoon)
    pubsub.topicValidators.set(this.#topic, this.#quota.validate)
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
    pubsub.removeEventListener('subscription-change', this.announceSoon)
    pubsub.unsubscribe(this.#topic)
    pubsub.topicValidators.delete(this.#topic)
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

  /** Say that we are here, together with whatever else is to be said in the next moment. */
  readonly announceSoon = (): void => {
    this.#cancelAnswer ??= this.#parts.clock.after(answerAfterMs, () => {
      this.#cancelAnswer = undefined
      this.#announce()
    })
  }

  #announce(left = false): void {
    const { self, addresses, round } = this.#init
    const data = Member.encode(
      encodeMember({ peer: self, addresses: addresses(), round: round() }, left, this.#sequence++)
    )
    // Best effort, by its nature: whoever misses this one gets the next.
    this.#parts.pubsub.publish(this.#topic, data).catch(() => {})
  }

  readonly #onMessage = (event: CustomEvent<{ msg: Message }>): void => {
    const { msg } = event.detail
    if (msg.topic !== this.#topic || msg.type !== 'signed') return
    const from = msg.from.toString()
    let member: Member
    try {
      member = Member.decode(msg.data)
    } catch {
      this.#init.onFault(from, 'malformed', 'an announcement that cannot be read')
      return
    }
    const record = decodeMember(member)
    if (from === this.#init.self) return
    // Nobody speaks for somebody else: the signature must be the member's own.
    if (record?.peer !== from) {
      this.#init.onFault(from, 'forged', `an announcement of ${record?.peer ?? 'nobody'}`)
      return
    }
    if (member.sequence <= (this.#sequences.get(from) ?? 0n)) {
      this.#init.onFault(from, 'replayed', `announcement ${member.sequence}`)
      return
    }
    this.#sequences.set(from, member.sequence)
    forgetOldest(this.#sequences, maxTracked)
    const before = this.#known.size
    if (member.left) this.#known.delete(record.peer)
    else this.#remember(record)
    if (this.#known.size === before) return
    this.#init.onChange()
    if (!member.left) this.announceSoon()
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
