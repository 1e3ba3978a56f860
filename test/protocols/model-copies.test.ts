import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ModelHeader } from '../../protocols/messages.js'
import { ModelCopies } from '../../protocols/model-copies.js'

const copies = suite('model copies')

/** It fetches a model until it is told to leave. */
interface Peer {
  readonly round: number
  leave(): Promise<void>
}

function create(): { models: ModelCopies; at: { round: number }; fetch: () => Peer } {
  const at = { round: 0 }
  const parameters = Float32Array.of(1, 2)
  const models = new ModelCopies('layout', () => ({ round: at.round, parameters }))
  return {
    models,
    at,
    fetch() {
      let round = -1
      let end!: () => void
      const ended = new Promise<void>(resolve => {
        end = resolve
      })
      const lent = models.lend(frames => {
        round = ModelHeader.decode(frames[0]).round
        return ended
      })
      return { round, leave: () => (end(), lent) }
    }
  }
}

copies('shares one copy among the peers of a round, and lets it go after the last', async () => {
  const { models, fetch } = create()
  const [a, b] = [fetch(), fetch()]
  assert.is(models.size, 1)
  await a.leave()
  assert.is(models.size, 1)
  await b.leave()
  assert.is(models.size, 0)
})

copies('holds at most four, and hands the newest of them to whoever comes then', async () => {
  const { models, at, fetch } = create()
  const peers = Array.from({ length: 10 }, (_, round) => {
    at.round = round
    return fetch()
  })
  assert.equal(
    peers.map(({ round }) => round),
    [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
  )
  assert.is(models.size, 4)
  await peers[0].leave()
  const late = fetch()
  assert.is(late.round, 9)
  await Promise.all([...peers, late].map(peer => peer.leave()))
  assert.is(models.size, 0)
})

copies('lets a copy go when sending it failed', async () => {
  const { models } = create()
  const failed = models.lend(() => Promise.reject(new Error('gone'))).catch((error: unknown) => error)
  assert.instance(await failed, Error)
  assert.is(models.size, 0)
})

copies.run()
