import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import * as z from 'zod'
import type { Rng } from '../learning/rng.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

/** Between two looks at who could be dialled. */
const lookEveryMs = 1000
/** One that is away is dialled again after this part of the time for which it has been, within limits. */
const retryShare = 1 / 8
const shortestRetryMs = 1000
const longestRetryMs = 60_000
/** Dialled in one look: a device that wakes up must not open hundreds of connections at once. */
const dialsPerLook = 4
const dialTimeoutMs = 10_000
/** Contacts kept; of more, those that were heard of first are forgotten. */
const maxContacts = 256

/** What is kept of a contact from one start to the next. */
const savedSchema = z.array(z.object({ key: z.string(), addresses: z.array(z.string()).max(16) })).max(maxContacts)

export interface ContactsComponents {
  /** Open a connection to any of some addresses. */
  readonly dial: (addresses: Multiaddr[], signal: AbortSignal) => Promise<unknown>
  /** Whether there is no need to dial: it is a member, or connected, or we ourselves, or not let in. */
  readonly isSettled: (key: string) => boolean
  /** Keep a text for the next start, if there is a place to keep it. */
  readonly save: (text: string) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
  readonly rng: Rng
}

interface Contact {
  readonly addresses: readonly Multiaddr[]
  /** When it was with us last, or we first heard of it. */
  seenAtMs: number
  dueAtMs: number
}

/**
 * Where others were found before: members of old, addresses that the user gave, peers that were discovered. Those that are
 * not with us now are dialled again, with backoff and jitter, for as long as the node runs: so a swarm that fell apart comes
 * together again, soon after a short cut and later after a long one, and a device that reboots finds it without being told.
 */
export class Contacts {
  readonly #parts: ContactsComponents
  /** By peer id, or by the address when that names none. */
  readonly #contacts = new Map<string, Contact>()
  readonly #stopping = new AbortController()
  #cancelLook = (): void => {}
  #isChanged = false

  constructor(components: ContactsComponents) {
    this.#parts = components
  }

  /** Keep, or bring up to date, where a peer can be found. */
  add(key: string, addresses: readonly Multiaddr[]): void {
    if (addresses.length === 0) return
    const known = this.#contacts.get(key)
    if (known !== undefined && sameAddresses(known.addresses, addresses)) return
    const nowMs = this.#parts.clock.now()
    this.#contacts.delete(key)
    this.#contacts.set(key, { addresses, seenAtMs: nowMs, dueAtMs: known?.dueAtMs ?? nowMs })
    for (const [oldest] of this.#contacts) {
      if (this.#contacts.size <= maxContacts) break
      this.#contacts.delete(oldest)
    }
    this.#isChanged = true
  }

  /** An address that somebody gave, perhaps without a peer id. */
  addAddress(address: Multiaddr): void {
    const id = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
    this.add(id ?? address.toString(), [address])
  }

  /** Take over what an earlier start has kept; what cannot be read is left. */
  load(text: string): void {
    try {
      for (const { key, addresses } of savedSchema.parse(JSON.parse(text))) {
        this.add(
          key,
          addresses.map(address => multiaddr(address))
        )
      }
    } catch (error) {
      this.#parts.log.warn('known peers could not be read', { error: (error as Error).message.slice(0, 200) })
    }
    this.#isChanged = false
  }

  start(): void {
    this.#look()
  }

  stop(): void {
    this.#stopping.abort()
    this.#cancelLook()
  }

  readonly #look = (): void => {
    const { clock, isSettled } = this.#parts
    const nowMs = clock.now()
    const due = [...this.#contacts].filter(([key, { dueAtMs }]) => dueAtMs <= nowMs && !isSettled(key))
    for (const [, contact] of due.slice(0, dialsPerLook)) void this.#dial(contact)
    for (const [key, contact] of this.#contacts) {
      if (!isSettled(key)) continue
      contact.seenAtMs = nowMs
      contact.dueAtMs = nowMs
    }
    if (this.#isChanged) this.#save()
    this.#cancelLook = clock.after(lookEveryMs, this.#look)
  }

  async #dial(contact: Contact): Promise<void> {
    const { clock, rng, dial, log } = this.#parts
    const nowMs = clock.now()
    const retryMs = Math.min(Math.max(retryShare * (nowMs - contact.seenAtMs), shortestRetryMs), longestRetryMs)
    contact.dueAtMs = nowMs + retryMs * (1 + rng.uniform() / 2)
    try {
      await dial([...contact.addresses], AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(dialTimeoutMs)]))
    } catch (error) {
      log.debug('a known peer does not answer', { addresses: contact.addresses.map(String), error: String(error) })
    }
  }

  #save(): void {
    this.#isChanged = false
    const saved = [...this.#contacts].map(([key, { addresses }]) => ({ key, addresses: addresses.map(String) }))
    this.#parts.save(JSON.stringify(saved)).catch((error: unknown) => {
      this.#parts.log.debug('known peers could not be kept', { error: String(error) })
    })
  }
}

function sameAddresses(a: readonly Multiaddr[], b: readonly Multiaddr[]): boolean {
  return a.length === b.length && a.every((address, i) => address.toString() === b[i].toString())
}
