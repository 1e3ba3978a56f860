import type { AbortOptions, Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { Update } from '../learning/averaging/averaging.js'
import type { Clock } from './clock.js'
import { ProtocolError, RefusedError, type Fault } from './errors.js'
import { decodeFrame, fromFrames, nextFrame, toFrames, toWrites } from './framing.js'
import { Hello, Welcome } from './messages.js'
import { withStream, type Dialer } from './open-stream.js'
import { Outbox } from './outbox.js'
import { exchangeProtocol } from './protocol-ids.js'
import { MemoryQuota, RateQuota } from './quota.js'
import { toDuplex } from './stream-duplex.js'
import { decodeUpdate, encodeUpdate, signOfLife } from './update-codec.js'

/** The part of libp2p that exchanging needs. */
export type ExchangeComponents = Dialer & Pick<Libp2p, 'handle' | 'unhandle'>

export interface ExchangeInit {
  readonly taskId: string
  readonly layoutHash: string
  /** Longest payload of an update; anything longer is refused before it is allocated. */
  readonly maxUpdateBytes: number
  /** An update of a peer has arrived whole. Its content is not checked yet. */
  onUpdate(from: string, update: Update): void
  /** A link to a peer became complete, or was lost. */
  onLinksChanged(): void
  /** A peer broke the protocol, or belongs to another task. */
  onFault(peer: string, reason: Fault, detail: string): void
}

interface Outbound {
  readonly stream: Stream
  readonly outbox: Outbox
}

interface Inbound {
  readonly from: string
  welcomed: boolean
  readonly rate: RateQuota
}

/** More streams than this from one peer are refused: one for what it sends, one more while it replaces that. */
const maxStreamsPerPeer = 2
/** And from all peers together: what may be held for each is bounded, so this bounds it all. */
const maxStreams = 512
/** Nobody needs to send more updates than this: the shortest rounds take some 15 ms. */
const maxUpdatesPerMinute = 6000
/** Payloads on their way from all peers hold at most this much, or four of the longest. */
const maxHeldBytes = 32 * 1024 * 1024
/** A stream that was opened must say what it is for, and an update that was begun must end, within this time. */
const maxUpdateMs = 120_000
const maxHelloMs = 30_000

/**
 * Model updates between neighbours: one long-lived stream a neighbour and direction. A node opens a stream to everyone
 * that it sends to, says which task it is for, is welcomed or refused, and then writes updates as fast as the peer
 * reads them.
 */
export class Exchange {
  readonly #libp2p: ExchangeComponents
  readonly #clock: Clock
  readonly #memory: MemoryQuota
  readonly #init: ExchangeInit
  readonly #outbound = new Map<string, Outbound>()
  /** Streams that peers opened, and whether they were welcomed. */
  readonly #inbound = new Map<Stream, Inbound>()
  #stopped = false

  constructor(components: { readonly libp2p: ExchangeComponents; readonly clock: Clock }, init: ExchangeInit) {
    this.#libp2p = components.libp2p
    this.#clock = components.clock
    this.#memory = new MemoryQuota(Math.max(maxHeldBytes, 4 * init.maxUpdateBytes))
    this.#init = init
  }

  /** Peers with a stream open in both directions: those that can be averaged with. */
  get links(): readonly string[] {
    return [...this.#outbound.keys()].filter(peer => this.hears(peer))
  }

  /** Whether `send` reaches a peer now. */
  isOpen(peer: string): boolean {
    return this.#outbound.has(peer)
  }

  /** Whether a peer has opened its direction of the link. */
  hears(peer: string): boolean {
    return [...this.#inbound.values()].some(({ from, welcomed }) => welcomed && from === peer)
  }

  async start(): Promise<void> {
    await this.#libp2p.handle(exchangeProtocol, (stream, connection) => this.#receive(stream, connection), {
      maxInboundStreams: maxStreamsPerPeer,
      runOnLimitedConnection: true
    })
  }

  /** Reset every link. What was sent is on its way only after `drained`. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#libp2p.unhandle(exchangeProtocol)
    for (const peer of this.#outbound.keys()) this.close(peer)
    for (const stream of this.#inbound.keys()) stream.abort(new Error('node is stopping'))
  }

  /**
   * Open our direction of the link to a peer, dialling it when needed. The peer opens its own.
   *
   * @throws RefusedError when it learns something else
   * @throws UnsupportedVersionError when it does not speak this protocol
   * @throws ProtocolError when it answers with anything but a welcome
   * @throws whatever dialling throws when it cannot be reached
   */
  async open(peer: PeerId, options: AbortOptions = {}): Promise<void> {
    const id = peer.toString()
    if (this.#outbound.has(id)) return
    await withStream(this.#libp2p, peer, exchangeProtocol, options, stream => this.#introduce(id, stream))
  }

  close(peer: string): void {
    const open = this.#outbound.get(peer)
    if (open !== undefined) this.#unlink(peer, open.stream)
  }

  /** Queue an update for a peer. @returns how many updates were dropped, this one or older ones */
  send(peer: string, update: Update): number {
    return this.#outbound.get(peer)?.outbox.put(update) ?? 1
  }

  /** Give a peer a sign of life: it can then tell that this node is there while there is nothing to send. */
  beat(peer: string): void {
    this.#outbound.get(peer)?.outbox.beat()
  }

  /** Wait until all that was queued has been handed to the network. */
  async drained(): Promise<void> {
    await Promise.all([...this.#outbound.values()].map(({ outbox }) => outbox.drained()))
  }

  async #introduce(peer: string, stream: Stream): Promise<void> {
    const { source, sink } = toDuplex(stream)
    const outbox = new Outbox()
    const hello = Hello.encode({ taskId: this.#init.taskId, layoutHash: this.#init.layoutHash })
    stream.addEventListener('close', () => {
      outbox.close()
      this.#unlink(peer, stream)
    })
    pipe(writesOf(hello, outbox), sink).catch((error: unknown) => stream.abort(error as Error))
    const { refusal } = decodeFrame(Welcome, await nextFrame(fromFrames(source)), 'welcome')
    if (refusal !== '') throw new RefusedError(peer, printable(refusal))
    if (this.#stopped || stream.status !== 'open') throw new Error(`the link to ${peer} was closed at once`)
    if (this.#outbound.has(peer)) {
      stream.abort(new Error('another stream was quicker'))
      return
    }
    this.#outbound.set(peer, { stream, outbox })
    this.#linksChanged()
  }

  #unlink(peer: string, stream: Stream): void {
    if (this.#outbound.get(peer)?.stream !== stream) return
    this.#outbound.delete(peer)
    stream.abort(new Error('link closed'))
    this.#linksChanged()
  }

  #receive(stream: Stream, connection: Connection): void {
    const from = connection.remotePeer.toString()
    const ofPeer = [...this.#inbound.values()].filter(inbound => inbound.from === from).length
    if (this.#stopped || ofPeer >= maxStreamsPerPeer || this.#inbound.size >= maxStreams) {
      stream.abort(new Error('too many exchange streams'))
      if (!this.#stopped) this.#init.onFault(from, 'flooding', `${ofPeer + 1} exchange streams`)
      return
    }
    const inbound = { from, welcomed: false, rate: new RateQuota(this.#clock, () => maxUpdatesPerMinute, 60_000) }
    this.#inbound.set(stream, inbound)
    void this.#serve(stream, inbound)
  }

  async #serve(stream: Stream, inbound: Inbound): Promise<void> {
    try {
      await this.#readUpdates(stream, inbound)
    } catch (error) {
      // Anything else is a connection that went away: no fault of the peer's.
      if (error instanceof ProtocolError) this.#init.onFault(inbound.from, error.fault, error.message)
    } finally {
      stream.abort(new Error('link closed'))
      this.#inbound.delete(stream)
      if (inbound.welcomed) this.#linksChanged()
    }
  }

  async #readUpdates(stream: Stream, inbound: Inbound): Promise<void> {
    const { from } = inbound
    const { source, sink } = toDuplex(stream)
    const frames = fromFrames(source)
    const hello = decodeFrame(Hello, await this.#inTime(nextFrame(frames), maxHelloMs), 'hello')
    const refusal = this.#refusalOf(hello)
    await pipe([Welcome.encode({ refusal })], toFrames, sink)
    if (refusal !== '') {
      this.#init.onFault(from, 'other-task', refusal)
      return
    }
    inbound.welcomed = true
    this.#linksChanged()
    for (;;) {
      const header = await nextFrame(frames)
      if (header === undefined) return
      if (!inbound.rate.take()) throw new ProtocolError(`over ${maxUpdatesPerMinute} updates a minute`, 'flooding')
      const update = await this.#inTime(
        decodeUpdate(header, frames, this.#init.maxUpdateBytes, this.#memory),
        maxUpdateMs
      )
      if (this.#stopped) return
      if (update === undefined) continue
      try {
        this.#init.onUpdate(from, update)
      } catch (cause) {
        throw new ProtocolError(`update could not be handled: ${String(cause)}`, 'malformed', { cause })
      }
    }
  }

  /** @throws ProtocolError when the peer takes longer than that */
  async #inTime<T>(reading: Promise<T>, ms: number): Promise<T> {
    let cancel = (): void => {}
    const late = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(ms, () => reject(new ProtocolError(`a message took over ${ms / 1000} s`, 'too-slow')))
    })
    // When it is given up, its stream is reset: the reading then ends by itself.
    reading.catch(() => {})
    try {
      return await Promise.race([reading, late])
    } finally {
      cancel()
    }
  }

  #linksChanged(): void {
    if (!this.#stopped) this.#init.onLinksChanged()
  }

  #refusalOf({ taskId, layoutHash }: Hello): string {
    const ours = this.#init
    if (taskId !== ours.taskId) return `this node learns task ${short(ours.taskId)}, not ${short(taskId)}`
    if (layoutHash !== ours.layoutHash) {
      return `this node's model has layout ${short(ours.layoutHash)}, not ${short(layoutHash)}`
    }
    return ''
  }
}

async function* writesOf(hello: Uint8Array, outbox: Outbox): AsyncGenerator<Uint8ArrayList> {
  yield* toWrites([hello])
  for await (const next of outbox) yield* toWrites(next === 'sign of life' ? [signOfLife] : encodeUpdate(next))
}

function short(hash: string): string {
  return printable(hash.slice(0, 8))
}

/** A peer's words, fit for a terminal and a log. */
function printable(text: string): string {
  return text.slice(0, 200).replace(/[^ -~]/g, '?')
}
