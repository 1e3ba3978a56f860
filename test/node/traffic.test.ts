import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { connect, createTestHost, withHosts, type TestHost } from '../helpers/host.js'
import { Changes } from '../helpers/changes.js'
import { settled } from '../helpers/fake-clock.js'
import { within } from '../helpers/within.js'

const protocol = '/test/traffic/1'
const payloadBytes = 500_000

/** Send bytes one way and wait until they are there. */
async function send(from: TestHost, to: TestHost): Promise<void> {
  const changes = new Changes()
  let received = 0
  await to.host.handle(protocol, stream => {
    stream.addEventListener('message', ({ data }) => {
      received += data.byteLength
      changes.notify()
    })
  })
  const stream = await from.host.dialProtocol(to.host.peerId, protocol)
  stream.send(new Uint8Array(payloadBytes))
  await changes.until(() => received === payloadBytes, 'the payload')
  await stream.close()
}

/** Until nothing more is under way: as many bytes as one side sent have arrived at the other. */
async function settle(a: TestHost, b: TestHost): Promise<void> {
  const missing = (from: TestHost, to: TestHost): number => from.traffic.total.sent - to.traffic.total.received
  const limit = AbortSignal.timeout(5000)
  while (!limit.aborted && (missing(a, b) !== 0 || missing(b, a) !== 0)) await settled()
}

const traffics = suite('traffic')

traffics('counts the same bytes at both ends, and at least the payload', () =>
  withHosts(2, async (a, b) => {
    assert.ok(a.traffic.total.sent > 0, 'handshakes count')
    await send(a, b)
    await settle(a, b)
    assert.is(a.traffic.total.sent, b.traffic.total.received)
    assert.is(b.traffic.total.sent, a.traffic.total.received)
    const [there, back] = [a.traffic.total.sent, b.traffic.total.sent]
    assert.ok(there >= payloadBytes && there < 1.05 * payloadBytes, `${there} bytes sent`)
    assert.ok(back < 0.05 * payloadBytes, `${back} bytes sent back`)
  })
)

traffics('counts what crossed each connection, at both of its ends', () =>
  withHosts(3, async (a, b, c) => {
    await send(a, b)
    const [toB] = a.host.getConnections(b.host.peerId)
    const [toC] = a.host.getConnections(c.host.peerId)
    const [fromA] = b.host.getConnections(a.host.peerId)
    assert.ok(a.traffic.over(toB).sent >= payloadBytes, `${a.traffic.over(toB).sent} bytes sent over it`)
    assert.ok(
      b.traffic.over(fromA).received >= payloadBytes,
      `${b.traffic.over(fromA).received} bytes received over it`
    )
    assert.ok(a.traffic.over(toC).sent > 0 && a.traffic.over(toC).sent < payloadBytes / 10)
    assert.is(a.traffic.total.sent, a.traffic.over(toB).sent + a.traffic.over(toC).sent)
  })
)

traffics('keeps the total of connections that are gone, and counts a new one from zero', async () => {
  const [a, b] = [await createTestHost(), await createTestHost()]
  try {
    await connect(a, b)
    await send(a, b)
    const before = a.traffic.total.sent
    const changes = new Changes()
    for (const { host } of [a, b]) host.addEventListener('connection:close', changes.notify)
    await within(a.host.hangUp(b.host.peerId), 5000, 'hanging up')
    await changes.until(() => [a, b].every(({ host }) => host.getConnections().length === 0), 'the connection to end')
    await connect(a, b)
    const [connection] = a.host.getConnections(b.host.peerId)
    assert.ok(a.traffic.total.sent > before)
    assert.ok(a.traffic.over(connection).sent > 0 && a.traffic.over(connection).sent < payloadBytes / 10)
  } finally {
    await Promise.all([a, b].map(async ({ host }) => host.stop()))
  }
})

traffics.run()
