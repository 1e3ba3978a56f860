import { once } from 'node:events'
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { flowers, StubNode, withServer } from '../../helpers/http.js'
import { within } from '../../helpers/within.js'

const control = suite('control and health over HTTP')

control('pauses, resumes and stops', async () => {
  const node = new StubNode(flowers)
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => (stop = resolve))
  await withServer(node, { onStop: () => stop() }, async send => {
    const paused = await send('/api/control/pause', { method: 'POST' })
    assert.equal(paused.json, { paused: true, phase: 'paused', round: 8 })
    const resumed = await send('/api/control/resume', { method: 'POST', body: {} })
    assert.equal(resumed.json, { paused: false, phase: 'training', round: 8 })
    assert.is((await send('/api/control/stop', { method: 'GET' })).status, 404)
    const answer = await send('/api/control/stop', { method: 'POST' })
    assert.equal([answer.status, answer.json], [202, { phase: 'stopping' }])
    await within(stopped, 5000, 'the node to be told')
  })
})

control('tells alive from learning', async () => {
  const node = new StubNode(flowers)
  await withServer(node, {}, async send => {
    const cases = [
      [{ phase: 'averaging', sinceRoundSeconds: 2 }, 200, true, null],
      [{ phase: 'idle', sinceRoundSeconds: undefined }, 200, false, null],
      [{ phase: 'paused', sinceRoundSeconds: 5000 }, 200, false, null],
      [{ phase: 'finished', sinceRoundSeconds: 5000 }, 200, false, null],
      [{ phase: 'training', sinceRoundSeconds: 601 }, 503, false, 'no round has ended for 600 s'],
      [{ phase: 'training', failure: 'the training worker crashed' }, 503, false, 'the training worker crashed']
    ] as const
    for (const [state, status, learning, problem] of cases) {
      node.state = state
      const answer = await send('/healthz')
      const { sinceRoundSeconds = null } = { sinceRoundSeconds: undefined, ...state }
      const expected = { alive: true, learning, phase: state.phase, round: 8, lastRoundAgeSeconds: sinceRoundSeconds }
      assert.equal([answer.status, answer.json], [status, { ...expected, problem }], JSON.stringify(state))
    }
  })
})

control('does not wait for a slow body for ever', () =>
  withServer(new StubNode(flowers), { requestTimeoutMs: 100 }, async (_, { hostname, port }) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
    socket.write('POST /v1/models/tulips:predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"inst')
    await within(once(socket, 'close'), 10_000, 'the server to give up')
    assert.match(answer, /^HTTP\/1\.1 408 [^]*\{"error":"body: did not arrive in time"\}$/)
  })
)

control('answers what is no HTTP at all', () =>
  withServer(new StubNode(flowers), {}, async (_, { hostname, port }) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
    socket.write('\u0016\u0003\u0001 hello\r\n\r\n')
    await within(once(socket, 'close'), 10_000, 'the server to hang up')
    assert.match(answer, /^HTTP\/1\.1 400 [^]*\{"error":"request: no valid HTTP"\}$/)
  })
)

control.run()
