import type { Connection, Metrics, MultiaddrConnection } from '@libp2p/interface'

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

/** Counts the bytes of every connection of one node, in all and by peer. Handed to libp2p as its metrics. */
export class Traffic {
  readonly #total: Counter = { sent: 0, received: 0 }
  readonly #byAddress = new Map<string, Counter>()

  get total(): Bytes {
    return { ...this.#total }
  }

  /** Bytes over one connection, since it was opened. */
  over(connection: Connection): Bytes {
    return { ...(this.#byAddress.get(keyOf(connection)) ?? { sent: 0, received: 0 }) }
  }

  /** What libp2p calls: it tells us of connections, and of figures that we do not keep. */
  readonly metrics: Metrics = {
    trackMultiaddrConnection: (connection: MultiaddrConnection) => this.#track(connection),
    trackProtocolStream: () => {},
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
    const count = (direction: keyof Counter, bytes: number): void => {
      own[direction] += bytes
      this.#total[direction] += bytes
    }
    const send = connection.send.bind(connection)
    connection.send = data => {
      count('sent', data.byteLength)
      return send(data)
    }
    // A listener of our own would make libp2p deliver what nobody reads yet; watching the dispatch does not.
    const dispatch = connection.dispatchEvent.bind(connection)
    connection.dispatchEvent = event => {
      if (event.type === 'message') count('received', (event as MessageEvent<Uint8Array>).data.byteLength)
      return dispatch(event)
    }
    // What a negotiation read too far is put back, and comes by once more.
    for (const putBack of ['push', 'unshift'] as const) {
      const original = connection[putBack].bind(connection)
      connection[putBack] = data => {
        count('received', -data.byteLength)
        original(data)
      }
    }
  }
}

/** A connection's address, whether or not the transport, or libp2p later, put the peer's id behind it. */
function keyOf({ remoteAddr }: Pick<Connection, 'remoteAddr'>): string {
  return remoteAddr.toString().replace(/\/p2p\/[^/]+$/, '')
}
