import type { Stream } from '@libp2p/interface'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { toDuplex } from '../../protocols/stream-duplex.js'
import { settled } from '../helpers/fake-clock.js'
import { withHosts } from '../helpers/host.js'
import { within } from '../helpers/within.js'
import { closed, listenersOf, nextEvent, randomBytes, rejection } from './fixtures.js'

const protocol = '/test/duplex/1'
const chunk = new Uint8Array(256 * 1024)
const megabyte = 1024 * 1024

const duplexes = suite('stream duplex')

/** The two ends of one stream. */
async function withStream(run: (near: Stream, far: Stream) => Promise<void>): Promise<void> {
  await withHosts(2, async (a, b) => {
    let accept!: (stream: Stream) => void
    const far = new Promise<Stream>(resolve => {
      accept = resolve
    })
    await b.host.handle(protocol, stream => accept(stream))
    const near = await a.host.dialProtocol(b.host.peerId, protocol)
    await run(near, await within(far, 5000, 'the stream'))
  })
}

async function collect(source: AsyncIterable<{ subarray(): Uint8Array }>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part.subarray())
  return Buffer.concat(parts)
}

/** Counts the chunks that a sink has asked for. */
class Chunks implements Iterable<Uint8Array> {
  taken = 0

  constructor(readonly count: number) {}

  *[Symbol.iterator](): Generator<Uint8Array> {
    while (this.taken < this.count) {
      this.taken++
      yield chunk
    }
  }
}

duplexes('carries bytes both ways and ends when both sides have closed', () =>
  withStream(async (near, far) => {
    const [there, back] = [randomBytes(300_000), randomBytes(5)]
    const [a, b] = [toDuplex(near), toDuplex(far)]
    const all = Promise.all([a.sink([there]), b.sink([back]), collect(a.source), collect(b.source)])
    const [, , atNear, atFar] = await within(all, 5000, 'both directions')
    assert.is(Buffer.compare(atFar, there), 0)
    assert.is(Buffer.compare(atNear, back), 0)
    assert.equal([near.status, far.status], ['closed', 'closed'])
  })
)

duplexes('delivers what came, and the end, before it was looked at', () =>
  withStream(async (near, far) => {
    near.send(Uint8Array.of(1, 2, 3))
    const seen = nextEvent(far, 'remoteCloseWrite')
    await near.close()
    await seen
    assert.equal([...(await within(collect(toDuplex(far).source), 5000, 'the end'))], [1, 2, 3])
  })
)

duplexes('sends no faster than the peer reads', () =>
  withStream(async (near, far) => {
    const sending = new Chunks(32)
    const sent = toDuplex(near).sink(sending)
    let [received, mostQueued, mostAhead] = [0, 0, 0]
    far.addEventListener('message', () => {
      mostQueued = Math.max(mostQueued, far.readBufferLength)
    })
    const reading = (async () => {
      for await (const part of toDuplex(far).source) {
        received += part.byteLength
        mostQueued = Math.max(mostQueued, far.readBufferLength)
        mostAhead = Math.max(mostAhead, sending.taken * chunk.length - received)
        assert.ok(near.writeBufferLength <= chunk.length, `${near.writeBufferLength} bytes wait in the stream`)
        // Slower than the sender: it goes on as soon as it may.
        for (let turn = 0; turn < 3; turn++) await new Promise<void>(resolve => setImmediate(resolve))
      }
    })()
    await within(Promise.all([sent, reading]), 10_000, '8 MB')
    assert.is(received, 32 * chunk.length)
    assert.ok(mostQueued <= 2 * megabyte, `${mostQueued} bytes held back by the muxer`)
    assert.ok(mostAhead <= 4 * megabyte, `the sender was ${mostAhead} bytes ahead of the reader`)
  })
)

duplexes('stops the sender when nobody reads, and goes on afterwards', () =>
  withHosts(2, async (a, b) => {
    let far: Stream | undefined
    await b.host.handle(protocol, stream => {
      far = stream
    })
    const near = await a.host.dialProtocol(b.host.peerId, protocol)
    const sending = new Chunks(32)
    const sent = toDuplex(near).sink(sending)
    const ping = (): Promise<number> => a.host.services.ping.ping(b.host.peerId)
    while (far === undefined) await within(ping(), 5000, 'a ping')
    const { source } = toDuplex(far)
    // A ping goes the same way: when several of them moved nothing, the sender is stuck.
    for (let still = 0, before = -1; still < 5; before = sending.taken) {
      await within(ping(), 5000, 'a ping')
      still = before === sending.taken ? still + 1 : 0
    }
    assert.ok(sending.taken * chunk.length <= 3 * megabyte, `${sending.taken * chunk.length} bytes sent to nobody`)
    assert.ok(near.writeBufferLength <= chunk.length, `${near.writeBufferLength} bytes wait in the stream`)
    assert.is(far.status, 'open')
    const [all] = await within(Promise.all([collect(source), sent]), 10_000, '8 MB')
    assert.is(all.length, 32 * chunk.length)
  })
)

duplexes('delivers everything to a reader that is far behind the end', () =>
  withStream(async (near, far) => {
    const { source, sink } = toDuplex(far)
    await sink([])
    const bytes = randomBytes(700_000)
    await toDuplex(near).sink([bytes.subarray(0, 600_000), bytes.subarray(600_000)])
    await closed(far)
    assert.is(Buffer.compare(await within(collect(source), 5000, 'the rest'), bytes), 0)
  })
)

duplexes('fails both directions when the stream is reset', () =>
  withStream(async (near, far) => {
    const { source, sink } = toDuplex(far)
    const reading = rejection(collect(source), 'reading')
    const writing = rejection(sink(new Chunks(1000)), 'writing against a full window')
    await nextEvent(near, 'message')
    near.pause()
    near.abort(new Error('reset'))
    await Promise.all([reading, writing])
  })
)

duplexes('drops what it holds when the stream is reset here', () =>
  withStream(async (near, far) => {
    const { source } = toDuplex(far)
    near.send(Uint8Array.of(1))
    assert.not.ok((await within(source.next(), 5000, 'the first byte')).done)
    near.send(Uint8Array.of(2))
    await nextEvent(far, 'message')
    far.abort(new Error('enough'))
    assert.is((await rejection(source.next(), 'reading')).message, 'enough')
  })
)

duplexes('fails, not ends, when the connection is lost', () =>
  withHosts(2, async (a, b) => {
    let far: Stream | undefined
    const accepted = new Promise<void>(resolve => {
      void b.host.handle(protocol, stream => {
        far = stream
        resolve()
      })
    })
    const near = await a.host.dialProtocol(b.host.peerId, protocol)
    await within(accepted, 5000, 'the stream')
    const reading = [near, far!].map((stream, i) => rejection(collect(toDuplex(stream).source), `reading at end ${i}`))
    for (const connection of a.host.getConnections()) connection.abort(new Error('the power went off'))
    await Promise.all(reading)
    await rejection(collect(toDuplex(near).source), 'reading a stream that was lost before')
    await rejection(toDuplex(near).sink([chunk]), 'writing to it')
  })
)

duplexes('waits again when what the stream held has filled the window', async () => {
  const stub = new EventTarget() as EventTarget & { writableNeedsDrain: boolean }
  const full = { status: 'open', writableNeedsDrain: true, send: () => false, close: async () => {} }
  const stream = Object.assign(stub, full)
  const sending = new Chunks(2)
  const sent = toDuplex(stream as unknown as Stream).sink(sending)
  await settled()
  // As libp2p does: on `drain` it sends what it holds, in a microtask.
  stream.writableNeedsDrain = false
  queueMicrotask(() => {
    stream.writableNeedsDrain = true
  })
  stream.dispatchEvent(new Event('drain'))
  await settled()
  assert.is(sending.taken, 1, 'the window is full again')
  stream.writableNeedsDrain = false
  stream.dispatchEvent(new Event('drain'))
  await within(sent, 5000, 'the rest')
  assert.is(sending.taken, 2)
})

duplexes('leaves no listeners behind when it waited for the peer to read', () =>
  withStream(async (near, far) => {
    const { sink } = toDuplex(near)
    const before = listenersOf(near)
    await within(Promise.all([sink(new Chunks(16)), collect(toDuplex(far).source)]), 10_000, '4 MB')
    assert.equal(listenersOf(near), before)
  })
)

duplexes.run()
