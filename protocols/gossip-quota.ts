import { TopicValidatorResult, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Clock } from './clock.js'
import { RateQuota } from './quota.js'

type Validator = GossipSub['topicValidators'] extends Map<string, infer V> ? V : never

/** Peers whose rates are kept. */
const maxTracked = 20_000

export interface GossipQuotaInit {
  /** Messages that one author may write in a minute. */
  readonly maxPerMinute: number
  /** Others that a peer may hand on messages of. */
  readonly others: () => number
  /** Somebody wrote, or handed on, more than that. */
  readonly onFlood: (peer: string) => void
}

/** Bounds what is believed of a gossipsub topic: by who wrote a message, and by who handed it on. */
export class GossipQuota {
  readonly #clock: Clock
  readonly #init: GossipQuotaInit
  readonly #rates = new Map<string, RateQuota>()

  constructor(clock: Clock, init: GossipQuotaInit) {
    this.#clock = clock
    this.#init = init
  }

  /** For gossipsub: what is over the quota is neither delivered nor handed on. */
  readonly validate: Validator = (peer, message) =>
    this.#limit(peer, message.type === 'signed' ? (message as { from: PeerId }).from : undefined)

  #limit(peer: PeerId, from: PeerId | undefined): TopicValidatorResult {
    const { maxPerMinute, others, onFlood } = this.#init
    const handedOn = (): number => maxPerMinute * (1 + others())
    const author = from?.toString()
    const flooding =
      author !== undefined && this.#isTooMuch(`of ${author}`, () => maxPerMinute)
        ? author
        : this.#isTooMuch(`by ${peer.toString()}`, handedOn)
          ? peer.toString()
          : undefined
    forgetOldest(this.#rates, maxTracked)
    if (flooding === undefined) return TopicValidatorResult.Accept
    onFlood(flooding)
    return TopicValidatorResult.Ignore
  }

  #isTooMuch(who: string, most: () => number): boolean {
    const rate = this.#rates.get(who) ?? new RateQuota(this.#clock, most, 60_000)
    this.#rates.set(who, rate)
    return !rate.take()
  }
}

/** Changes `map`: its oldest entries go until it is no larger than that. */
export function forgetOldest(map: Map<string, unknown>, size: number): void {
  for (const [oldest] of map) {
    if (map.size <= size) return
    map.delete(oldest)
  }
}
