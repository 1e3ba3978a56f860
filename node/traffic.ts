import type { Connection, MessageStream, Metrics, MultiaddrConnection, Stream } from '@libp2p/interface'

/** Bytes that crossed connections, everything in: payloads, headers, framing, multiplexing, encryption, handshakes. */
export interface Bytes {
  readonly sent: number
  readonly received: number
}

interface Counter {
  sent: number
  received: number
}

const noMetric = { update() {}, increment() {}, decrement() {}, reset() {}, observe() {}, timer: () => () => {} }

/** Counts the bytes of every connection of one node, in all, by peer and by protocol. Handed to libp2p as its metrics. */
export class Traffic {
  readonly #total: Counter = { sent: 0, received: 0 }
  readonly #byProtocol = new Map<string, Counter>()
  readonly #byAddress = new Map<string, Counter>()

  get total(): Bytes {
    return { ...this.#total }
  }

  /** Bytes over one connection, since it was opened. */
  over(connection: Connection): Bytes {
    return { ...(this.#byAddress.get(keyOf(connection)) ?? { sent: 0, received: 0 }) }
  }

  /** Bytes of streams, by protocol: payloads and their framing, without what multiplexing and encryption add. */
  get byProtocol(): ReadonlyMap<string, Bytes> {
    return this.#byProtocol
  }

  /** Count what libp2p tells `others` of, beside them. Changes `others`. */
  watch(others: Metrics): Metrics {
    const connected = others.trackMultiaddrConnection.bind(others)
    others.trackMultiaddrConnection = connection => {
      this.#track(connection)
      connected(connection)
    }
    const opened = others.trackProtocolStream.bind(others)
    others.trackProtocolStream = stream => {
      this.#trackStream(stream)
      opened(stream)
    }
    return others
  }

  /** What libp2p calls: it tells us of connections, and of figures that we do not keep. */
  readonly metrics: Metrics = {
    trackMultiaddrConnection: (connection: MultiaddrConnection) => this.#track(connection),
    trackProtocolStream: (stream: Stream) => this.#trackStream(stream),
    registerMetric: () => noMetric,
    registerMetricGroup: () => noMetric,
    registerCounter: () => noMetric,
    registerCounterGroup: () => noMetric,
    registerHistogram: () => noMetric,
    registerHistogramGroup: () => noMetric,
    registerSummary: () => noMetric,
    registerSummaryGroup: () => noMetric,
    traceFunction: (_: string, traced: unknown) => traced as never,
    createTrace: () => undefined
  }

  #track(connection: MultiaddrConnection): void {
    const address = keyOf(connection)
    const own: Counter = { sent: 0, received: 0 }
    this.#byAddress.set(address, own)
    connection.addEventListener('close', () => {
      // Unless a newer connection to the same address has taken its place.
      if (this.#byAddress.get(address) === own) this.#byAddress.delete(address)
    })
    count(connection, (direction, bytes) => {
      own[direction] += bytes
      this.#total[direction] += bytes
    })
  }

  #trackStream(stream: Stream): void {
    const own = this.#byProtocol.get(stream.protocol) ?? { sent: 0, received: 0 }
    this.#byProtocol.set(stream.protocol, own)
    count(stream, (direction, bytes) => (own[direction] += bytes))
  }
}

/** Tell of all bytes that cross a connection or a stream. Changes its methods. */
function count(messages: MessageStream, add: (direction: keyof Counter, bytes: number) => void): void {
  const send = messages.send.bind(messages)
  messages.send = data => {
    add('sent', data.byteLength)
    return send(data)
  }
  // A listener of our own would make libp2p deliver what nobody reads yet; watching the dispatch does not.
  const dispatch = messages.dispatchEvent.bind(messages)
  messages.dispatchEvent = event => {
    if (event.type === 'message') add('received', (event as MessageEvent<Uint8Array>).data.byteLength)
    return dispatch(event)
  }
  // What a negotiation read too far is put back, and comes by once more.
  for (const putBack of ['push', 'unshift'] as const) {
    const original = messages[putBack].bind(messages)
    messages[putBack] = data => {
      add('received', -data.byteLength)
      original(data)
    }
  }
}

/** A connection's address, whether or not the transport, or libp2p later, put the peer's id behind it. */
function keyOf({ remoteAddr }: Pick<Connection, 'remoteAddr'>): string {
  return remoteAddr.toString().replace(/\/p2p\/[^/]+$/, '')
}
