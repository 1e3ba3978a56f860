import '../../node/with-resolvers.js'
import type { Stream } from '@libp2p/interface'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../node/clock.js'
import { fetchCurrentModel, type FetchOptions } from '../../node/fetch-current-model.js'
import { checksumOf, toChunks } from '../../protocols/framing.js'
import { ModelHeader } from '../../protocols/messages.js'
import { modelProtocol } from '../../protocols/protocol-ids.js'
import { withHosts, type TestHost } from '../helpers/host.js'
import { framed } from '../protocols/fixtures.js'

const layoutHash = 'f'.repeat(16)
const expected = { layoutHash, size: 200_000 }
const quick: FetchOptions = { clock: systemClock, stallMs: 300 }

const models = suite('fetching a current model')

/** Header and chunks of a model whose parameters are all its round. */
function modelOf(round: number): Uint8Array[] {
  const payload = new Uint8Array(new Float32Array(expected.size).fill(round).buffer)
  const header = { layoutHash, round, bytes: payload.length, checksum: checksumOf(payload) }
  return [ModelHeader.encode(header), ...toChunks(payload)].map(frame => framed(frame))
}

type Answer = (stream: Stream) => void
const whole =
  (round: number): Answer =>
  stream =>
    modelOf(round).forEach(frame => stream.send(frame))
const half: Answer = stream =>
  modelOf(1)
    .slice(0, 3)
    .forEach(frame => stream.send(frame))

const failing: readonly (readonly [what: string, answer: Answer, reason: RegExp])[] = [
  ['stalls', half, /it sends nothing more|did not answer in time/],
  [
    'dies',
    stream => {
      half(stream)
      stream.abort(new Error('gone'))
    },
    /reset/
  ],
  [
    'sends a byte that is not its own',
    stream => {
      const frames = modelOf(1)
      frames[2][1000] ^= 1
      for (const frame of frames) stream.send(frame)
    },
    /checksum/
  ]
]

async function fetchFrom(client: TestHost, servers: readonly TestHost[], options: FetchOptions = quick) {
  const sources = servers.map(({ host, id }) => ({ peer: id, at: host.getMultiaddrs() }))
  return fetchCurrentModel(client.host, sources, expected, options)
}

for (const [what, answer, reason] of failing) {
  models(`asks the next peer when one ${what}`, () =>
    withHosts(3, async (client, first, second) => {
      await first.host.handle(modelProtocol, answer)
      await second.host.handle(modelProtocol, whole(8))
      const { model, failures } = await fetchFrom(client, [first, second])
      assert.is(model?.round, 8)
      assert.ok(model?.parameters.every(value => value === 8))
      assert.is(failures.length, 1)
      assert.match(failures[0], reason)
    })
  )
}

models('tells why nobody handed one over', () =>
  withHosts(2, async (client, server) => {
    const { model, failures } = await fetchFrom(client, [server])
    assert.is(model, undefined)
    assert.match(failures[0], new RegExp(`^${server.id}: .*does not speak`))
  })
)

models('asks nobody else once it was told to stop', () =>
  withHosts(3, async (client, first, second) => {
    const stop = new AbortController()
    let asked = 0
    for (const { host } of [first, second]) {
      await host.handle(modelProtocol, () => {
        asked++
        stop.abort(new Error('stopped'))
      })
    }
    const error = await fetchFrom(client, [first, second], { clock: systemClock, signal: stop.signal }).catch(
      (cause: unknown) => cause
    )
    assert.is((error as Error).message, 'stopped')
    assert.is(asked, 1)
  })
)

models.run()
