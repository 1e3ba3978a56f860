import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Liveness } from '../../node/liveness.js'
import { FakeClock } from '../helpers/fake-clock.js'

const liveness = suite('liveness')

/** One linked neighbour, which may be given bytes and an announcement; times of what happens are in ms. */
function create() {
  const clock = new FakeClock()
  const peer = { announcedAtMs: 0, bytes: 100, isLinked: true }
  const beats: number[] = []
  const doubted: number[] = []
  const changes: (readonly [atMs: number, isSilent: boolean])[] = []
  const watch = new Liveness({
    linked: () => (peer.isLinked ? ['a'] : []),
    received: () => peer.bytes,
    beat: () => beats.push(clock.now()),
    announcedAtMs: () => peer.announcedAtMs,
    doubt: () => doubted.push(clock.now()),
    onChange: (_, isSilent) => changes.push([clock.now(), isSilent]),
    clock
  })
  watch.start()
  const seconds = async (count: number, each = (): void => {}): Promise<void> => {
    for (let second = 0; second < count; second++) {
      each()
      await clock.advance(1000)
    }
  }
  return { clock, peer, beats, doubted, changes, watch, seconds }
}

liveness('gives each linked neighbour a sign of life a second, until it is stopped', async () => {
  const { peer, beats, watch, seconds } = create()
  await seconds(2)
  assert.equal(beats, [0, 1000, 2000])
  peer.isLinked = false
  await seconds(2)
  peer.isLinked = true
  await seconds(1)
  assert.equal(beats, [0, 1000, 2000, 5000])
  watch.stop()
  await seconds(5)
  assert.is(beats.length, 4)
})

liveness('notices within 3 s that nothing comes any more, and that something comes again', async () => {
  const { peer, changes, watch, seconds } = create()
  await seconds(4, () => peer.bytes++)
  assert.equal(changes, [])
  assert.not.ok(watch.isSilent('a'))
  await seconds(2)
  assert.equal(changes, [[5750, true]])
  assert.ok(watch.isSilent('a'))
  peer.bytes++
  await seconds(1)
  assert.equal(changes, [
    [5750, true],
    [6250, false]
  ])
  assert.not.ok(watch.isSilent('a'))
})

liveness('doubts who is silent, at every look, until it announces itself', async () => {
  const { clock, peer, doubted, seconds } = create()
  await seconds(3)
  assert.equal(doubted, [2500, 2750, 3000])
  peer.announcedAtMs = clock.now()
  await seconds(2)
  assert.is(doubted.length, 3)
  await seconds(1)
  assert.equal(doubted.slice(3), [5500, 5750, 6000])
})

liveness('does not call one silent that was busy for a second and a half', async () => {
  const { clock, peer, changes, seconds } = create()
  await seconds(3, () => peer.bytes++)
  await clock.advance(1500)
  peer.bytes++
  await clock.advance(2000)
  assert.equal(changes, [])
})

liveness('calls nobody silent because it was frozen itself', async () => {
  const { clock, peer, changes, seconds } = create()
  await seconds(2)
  clock.freeze(40_000)
  await seconds(2)
  assert.equal(changes, [])
  peer.bytes++
  await seconds(2)
  assert.equal(changes, [])
  await seconds(1)
  assert.is(changes.length, 1)
})

liveness('begins anew with a link that was closed meanwhile', async () => {
  const { peer, changes, watch, seconds } = create()
  await seconds(3)
  peer.isLinked = false
  await seconds(1)
  assert.not.ok(watch.isSilent('a'))
  peer.isLinked = true
  await seconds(2)
  assert.not.ok(watch.isSilent('a'))
  assert.equal(changes, [[2500, true]])
})

liveness.run()
