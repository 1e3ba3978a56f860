import { getEventListeners } from 'node:events'
import type { Stream } from '@libp2p/interface'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { RefusedError, UnsupportedVersionError } from '../../protocols/errors.js'
import { Exchange, type ExchangeInit } from '../../protocols/exchange.js'
import { Hello, Kind, UpdateHeader, Welcome } from '../../protocols/messages.js'
import { exchangeProtocol } from '../../protocols/protocol-ids.js'
import { encodeUpdate, signOfLife } from '../../protocols/update-codec.js'
import { systemClock, type Clock } from '../../node/clock.js'
import { FakeClock, settled } from '../helpers/fake-clock.js'
import { Changes } from '../helpers/changes.js'
import { connect, withHosts, type TestHost } from '../helpers/host.js'
import { within } from '../helpers/within.js'
import { closed, framed, listenersOf, nextEvent, randomBytes, rejection, sampleUpdate, streamsOf } from './fixtures.js'

const taskId = 'a'.repeat(64)
const layoutHash = 'b'.repeat(16)
const hello = Hello.encode({ taskId, layoutHash })
const maxUpdateBytes = 1_000_000

interface Node extends TestHost {
  readonly exchange: Exchange
  readonly faults: string[]
  readonly updates: Update[]
  readonly changes: Changes
}

async function startExchange(
  host: TestHost,
  init: Partial<ExchangeInit> = {},
  clock: Clock = systemClock
): Promise<Node> {
  const changes = new Changes()
  const faults: string[] = []
  const updates: Update[] = []
  const exchange = new Exchange(
    { libp2p: host.host, clock },
    {
      taskId,
      layoutHash,
      maxUpdateBytes,
      onUpdate(_, update) {
        updates.push(update)
        changes.notify()
      },
      onLinksChanged: changes.notify,
      onFault(peer, reason, detail) {
        faults.push(`${peer} ${reason} ${detail}`)
        changes.notify()
      },
      ...init
    }
  )
  await exchange.start()
  return { ...host, exchange, faults, updates, changes }
}

async function link(a: Node, b: Node): Promise<void> {
  await a.exchange.open(b.host.peerId)
  await b.exchange.open(a.host.peerId)
  await a.changes.until(() => a.exchange.links.includes(b.id), 'the link')
}

/** What a peer can do that does not run our code. */
async function rawStream(from: TestHost, to: TestHost): Promise<Stream> {
  return from.host.dialProtocol(to.host.peerId, exchangeProtocol)
}

/** Answer exchange streams by hand. */
async function serveRaw(on: TestHost, answer: (stream: Stream) => void): Promise<void> {
  await on.host.handle(exchangeProtocol, answer)
}

const exchanges = suite('exchange')

for (const [what, other, reason] of [
  ['task', { taskId: 'c'.repeat(64) }, 'this node learns task aaaaaaaa, not cccccccc'],
  ['layout', { layoutHash: 'd'.repeat(16) }, "this node's model has layout bbbbbbbb, not dddddddd"]
] as const) {
  exchanges(`refuses a peer of another ${what}, telling it why`, () =>
    withHosts(2, async (hostA, hostB) => {
      const a = await startExchange(hostA, other)
      const b = await startExchange(hostB)
      const error = await rejection(a.exchange.open(b.host.peerId), 'opening')
      assert.instance(error, RefusedError)
      assert.equal([(error as RefusedError).peer, (error as RefusedError).reason], [b.id, reason])
      await b.changes.until(() => b.faults.length > 0, 'the fault')
      assert.equal(b.faults, [`${a.id} other-task ${reason}`])
      assert.not.ok(a.exchange.isOpen(b.id))
      await b.exchange.stop()
      assert.equal(streamsOf(a.host.getConnections(), exchangeProtocol), [], 'no stream is left behind')
    })
  )
}

exchanges('resets a stream that says nothing in time, and blames the peer', () =>
  withHosts(2, async (hostA, hostB) => {
    const clock = new FakeClock()
    const b = await startExchange(hostB, {}, clock)
    const silent = await rawStream(hostA, hostB)
    const reset = nextEvent(silent, 'close')
    while (clock.waiting === 0) await settled()
    await clock.advance(30_000)
    await within(reset, 5000, 'the stream to be reset')
    assert.equal(b.faults, [`${hostA.id} too-slow a message took over 30 s`])
    await b.exchange.stop()
  })
)

exchanges('resets an update that does not end, and blames the peer', () =>
  withHosts(2, async (hostA, hostB) => {
    const clock = new FakeClock()
    const b = await startExchange(hostB, {}, clock)
    const begun = await rawStream(hostA, hostB)
    const reset = nextEvent(begun, 'close')
    const header = UpdateHeader.encode({ kind: Kind.MODEL, round: 1, bytes: 100, checksum: 0 })
    for (const frame of [hello, header, new Uint8Array(50)]) begun.send(framed(frame))
    await b.changes.until(() => b.exchange.hears(hostA.id), 'the welcome')
    while (clock.waiting === 0) await settled()
    await clock.advance(120_000)
    await within(reset, 5000, 'the stream to be reset')
    assert.equal(b.faults, [`${hostA.id} too-slow a message took over 120 s`])
    await b.exchange.stop()
  })
)

exchanges('says that a peer without the protocol runs another version', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const error = await rejection(a.exchange.open(hostB.host.peerId), 'opening')
    assert.instance(error, UnsupportedVersionError)
    assert.is((error as UnsupportedVersionError).protocol, exchangeProtocol)
  })
)

const header = { kind: Kind.MODEL, round: 1, bytes: 3, checksum: 0 }
const hostile: readonly [what: string, bytes: Uint8Array, thenCloses?: boolean][] = [
  ['garbage', randomBytes(1000, 'garbage'), true],
  ['a frame above 1 MiB', Uint8Array.of(0x81, 0x80, 0x40)],
  ['a length without end', new Uint8Array(100).fill(0x80)],
  ['half a hello', framed(hello).subarray(0, 20), true],
  ['nothing at all', new Uint8Array(0), true],
  ['an update of 4 GiB', framed(hello, UpdateHeader.encode({ ...header, bytes: 0xffffffff }))],
  ['an update above the limit', framed(hello, UpdateHeader.encode({ ...header, bytes: maxUpdateBytes + 1 }))],
  ['an update with a wrong checksum', framed(hello, UpdateHeader.encode(header), Uint8Array.of(1, 2, 3))],
  ['a chunk longer than announced', framed(hello, UpdateHeader.encode(header), Uint8Array.of(1, 2, 3, 4))],
  ['an empty chunk', framed(hello, UpdateHeader.encode(header), new Uint8Array(0))],
  ['half an update', framed(hello, UpdateHeader.encode(header), Uint8Array.of(1)), true],
  ['an update of an unknown kind', framed(hello, Uint8Array.of(0x08, 0x63))]
]

exchanges('resets the stream that breaks the protocol, and nothing else', () =>
  withHosts(3, async (...hosts) => {
    const [node, friend] = await Promise.all(hosts.slice(0, 2).map(host => startExchange(host)))
    const stranger = hosts[2]
    await link(node, friend)
    for (const [what, bytes, thenCloses = false] of hostile) {
      const before = node.faults.length
      const stream = await rawStream(stranger, node)
      if (bytes.length > 0) stream.send(bytes)
      if (thenCloses) await stream.close()
      await node.changes.until(() => node.faults.length > before, `the fault of ${what}`)
      assert.match(node.faults[before], `${stranger.id} malformed `, what)
      await closed(stream)
    }
    assert.is(node.faults.length, hostile.length)
    assert.equal(node.exchange.links, [friend.id])
    friend.exchange.send(node.id, sampleUpdate(10))
    await node.changes.until(() => node.updates.length === 1, 'an update of the peer that behaves')
  })
)

exchanges('counts no fault of a peer that is lost half way', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA)
    const stream = await rawStream(hostB, node)
    stream.send(framed(hello, UpdateHeader.encode({ ...header, bytes: 5 }), Uint8Array.of(1)))
    const open = (): number => streamsOf(node.host.getConnections(), exchangeProtocol).length
    await node.changes.until(() => open() === 1, 'the stream')
    const lost = new Changes()
    node.host.addEventListener('connection:close', lost.notify)
    for (const connection of hostB.host.getConnections()) connection.abort(new Error('the power went off'))
    await lost.until(() => open() === 0, 'the connection to be lost')
    await node.exchange.stop()
    assert.equal(node.faults, [])
  })
)

exchanges('counts an update that our own code stumbles over as a fault', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const b = await startExchange(hostB, {
      onUpdate() {
        throw new Error('nobody expected this')
      }
    })
    await a.exchange.open(b.host.peerId)
    a.exchange.send(b.id, sampleUpdate(10))
    await b.changes.until(() => b.faults.length === 1, 'the fault')
    assert.match(b.faults[0], 'nobody expected this')
    await a.changes.until(() => !a.exchange.isOpen(b.id), 'the link to be closed')
  })
)

exchanges('hears a sign of life of a peer, and takes it for nothing else', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const b = await startExchange(hostB)
    await link(a, b)
    const [stream] = streamsOf(b.host.getConnections(), exchangeProtocol).filter(
      ({ direction }) => direction === 'inbound'
    )
    const heard = nextEvent(stream, 'message')
    a.exchange.beat(b.id)
    await within(heard, 5000, 'the sign of life')
    a.exchange.send(b.id, sampleUpdate(10))
    await b.changes.until(() => b.updates.length > 0, 'the update')
    assert.equal([b.updates.length, b.faults], [1, []])
    a.exchange.beat('nobody')
  })
)

exchanges('cuts off who gives signs of life without end', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA, {}, new FakeClock())
    const stream = await rawStream(hostB, node)
    stream.send(framed(hello, ...new Array<Uint8Array>(6001).fill(signOfLife)))
    await node.changes.until(() => node.faults.length > 0, 'the fault')
    assert.equal(node.faults, [`${hostB.id} flooding over 6000 updates a minute`])
  })
)

exchanges('refuses a third stream of one peer and keeps two', () =>
  withHosts(3, async (hostA, hostB, hostC) => {
    const node = await startExchange(hostA)
    const other = await startExchange(hostC)
    const streams = [await rawStream(hostB, node), await rawStream(hostB, node)]
    for (const stream of streams) stream.send(framed(hello))
    const dialled = await rawStream(hostB, node).then(closed, () => {})
    assert.is(dialled, undefined)
    assert.equal(
      streams.map(({ status }) => status),
      ['open', 'open']
    )
    await link(node, other)
    assert.ok(node.exchange.links.includes(other.id), 'another peer is welcome')
  })
)

exchanges('counts the streams of a peer over all its connections', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA)
    const [first] = hostB.host.getConnections()
    const second = await hostB.host.dial(node.host.getMultiaddrs(), { force: true })
    assert.is.not(first, second)
    for (const connection of [first, second]) {
      const stream = await connection.newStream(exchangeProtocol)
      stream.send(framed(hello))
      await nextEvent(stream, 'message')
    }
    await second.newStream(exchangeProtocol).then(closed, () => {})
  })
)

exchanges('links no peer that has opened a stream and said nothing', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA)
    await serveRaw(hostB, stream =>
      stream.addEventListener(
        'message',
        () => {
          stream.send(framed(Welcome.encode({ refusal: '' })))
        },
        { once: true }
      )
    )
    await node.exchange.open(hostB.host.peerId)
    const stream = await rawStream(hostB, node)
    for (let trip = 0; trip < 2; trip++) await hostB.host.services.ping.ping(node.host.peerId)
    assert.equal(node.exchange.links, [])
    stream.send(framed(hello))
    await node.changes.until(() => node.exchange.links.length === 1, 'the link')
  })
)

exchanges('loses the link when the connection breaks, on both sides', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const b = await startExchange(hostB)
    await link(a, b)
    await b.changes.until(() => b.exchange.links.length === 1, 'the link of the other side')
    let told = 0
    a.host.addEventListener('connection:close', a.changes.notify)
    const lost = a.changes.until(() => ++told > 1 && a.exchange.links.length === 0, 'the link to be lost')
    for (const connection of b.host.getConnections()) connection.abort(new Error('the power went off'))
    await lost
    await b.changes.until(() => b.exchange.links.length === 0, 'the link to be lost where the power went off')
    await a.changes.until(() => a.host.getConnections().length === 0, 'the connection to be gone')
    await connect(hostA, hostB)
    await link(a, b)
  })
)

exchanges('delivers what had arrived before its sender stopped', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const b = await startExchange(hostB)
    await a.exchange.open(b.host.peerId)
    for (let round = 0; round < 4; round++) a.exchange.send(b.id, sampleUpdate(900_000, round))
    await within(a.exchange.drained(), 5000, 'the updates to be sent')
    await a.exchange.stop()
    await b.changes.until(() => b.updates.length === 4, 'the updates')
    assert.equal(b.faults, [])
  })
)

exchanges('holds a bounded amount of what it never reads', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA)
    let sent = 0
    await serveRaw(hostB, stream => {
      stream.addEventListener('message', () => {})
      stream.send(framed(Welcome.encode({ refusal: '' })))
      const flood = (): void => {
        while (sent < 64 && stream.status === 'open') {
          sent++
          if (!stream.send(new Uint8Array(256 * 1024))) return
        }
      }
      stream.addEventListener('drain', () => queueMicrotask(flood))
      flood()
    })
    await node.exchange.open(hostB.host.peerId)
    // Each ping makes the same way as the flood: when none of several moved it, it is stuck.
    for (let still = 0, before = -1; still < 5; before = sent) {
      await within(node.host.services.ping.ping(hostB.host.peerId), 5000, 'a ping')
      still = sent === before ? still + 1 : 0
    }
    assert.ok(sent < 16, `${sent * 256} KiB were taken from a peer to which nobody listens`)
    assert.ok(node.exchange.isOpen(hostB.id))
  })
)

exchanges('gives up opening when told to, and leaves nothing behind', () =>
  withHosts(2, async (hostA, hostB) => {
    const node = await startExchange(hostA)
    const giveUp = new AbortController()
    await serveRaw(hostB, stream => stream.addEventListener('message', () => giveUp.abort()))
    await rejection(node.exchange.open(hostB.host.peerId, { signal: giveUp.signal }), 'opening')
    assert.equal(streamsOf(node.host.getConnections(), exchangeProtocol), [])
    assert.equal(getEventListeners(giveUp.signal, 'abort'), [])
  })
)

exchanges('leaves no listeners behind, on signal or streams', () =>
  withHosts(2, async (...hosts) => {
    const [a, b] = await Promise.all(hosts.map(host => startExchange(host)))
    const { signal } = new AbortController()
    await a.exchange.open(b.host.peerId, { signal })
    assert.equal(getEventListeners(signal, 'abort'), [])
    const listeners = (): number[] =>
      [a, b].flatMap(({ host }) => {
        const [stream] = streamsOf(host.getConnections(), exchangeProtocol)
        return listenersOf(stream)
      })
    const before = listeners()
    for (let round = 0; round < 10; round++) {
      a.exchange.send(b.id, sampleUpdate(600_000, round))
      await within(a.exchange.drained(), 5000, 'an update to be sent')
    }
    await b.changes.until(() => b.updates.length === 10, 'all updates')
    assert.equal(listeners(), before)
  })
)

exchanges('opens one stream however often it is asked at once', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    const b = await startExchange(hostB)
    await Promise.all([a.exchange.open(b.host.peerId), a.exchange.open(b.host.peerId)])
    assert.is(streamsOf(a.host.getConnections(), exchangeProtocol).length, 1)
    assert.ok(a.exchange.isOpen(b.id))
  })
)

exchanges('calls nobody after it was stopped, and opens nothing', () =>
  withHosts(2, async (hostA, hostB) => {
    const a = await startExchange(hostA)
    let calls = 0
    const count = (): void => {
      calls++
    }
    const b = await startExchange(hostB, { onUpdate: count, onLinksChanged: count, onFault: count })
    await link(a, b)
    await a.changes.until(() => calls > 0, 'the first call')
    a.exchange.send(b.id, sampleUpdate(900_000))
    const before = calls
    await b.exchange.stop()
    await a.changes.until(() => a.exchange.links.length === 0, 'the link to be closed')
    assert.is(calls, before)
    await rejection(b.exchange.open(a.host.peerId), 'opening after stop')
    assert.not.ok(b.exchange.isOpen(a.id))
  })
)

exchanges('spends at most 24 bytes on header and frames of a small update', () => {
  for (const bytes of [1, 100, 5000, 60_000]) {
    const overhead = framed(...encodeUpdate(sampleUpdate(bytes, 100_000))).length - bytes
    assert.ok(overhead <= 24, `${overhead} bytes for a payload of ${bytes}`)
  }
})

exchanges.run()
