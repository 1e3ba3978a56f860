import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Feed, heartbeatMs, patienceMs, tickMs, type FeedClient } from '../../../node/http/feed.js'
import type { LiveDelta, LiveNote, LiveRound, LiveSnapshot, LiveState } from '../../../node/http/live.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { liveState } from '../../helpers/live.js'

class Reader implements FeedClient {
  readonly told: { readonly event: string; readonly data: unknown }[] = []
  ready = true
  closed = false

  send(event: string, data: string): void {
    this.told.push({ event, data: JSON.parse(data) as unknown })
  }

  close(): void {
    this.closed = true
  }

  get events(): string[] {
    return this.told.map(({ event }) => event)
  }

  last<T>(): T {
    return this.told.at(-1)!.data as T
  }
}

const point: LiveRound = { round: 1, seconds: 1, loss: 0.5, score: null, consensus: null, bytes: 10, ratio: null }
const feeds = suite('feed')

function begin() {
  const clock = new FakeClock()
  let looks = 0
  const shown = { state: liveState(3, 1) as Omit<LiveState, 'uptimeSeconds'> }
  const feed = new Feed(clock, () => {
    looks++
    return shown.state
  })
  return { clock, feed, shown, looks: () => looks }
}

feeds('looks at nothing while nobody reads', async () => {
  const { clock, feed, looks } = begin()
  feed.note('info', 'unread')
  await clock.advance(10 * tickMs)
  assert.is(looks(), 0)
  const end = feed.subscribe(new Reader())
  assert.is(clock.waiting, 1)
  end()
  assert.equal([feed.clients, clock.waiting], [0, 0])
})

feeds('tells who begins everything, with what has been', async () => {
  const { clock, feed } = begin()
  feed.addRound(point)
  await clock.advance(2000)
  feed.note('warning', 'node 2 is gone')
  const reader = new Reader()
  feed.subscribe(reader)
  const { state, rounds, notes } = reader.last<LiveSnapshot>()
  assert.equal(reader.events, ['snapshot'])
  assert.equal(state, { ...liveState(3, 1), uptimeSeconds: 2 })
  assert.equal(rounds, [point])
  assert.equal(notes, [{ seconds: 2, kind: 'warning', text: 'node 2 is gone' } satisfies LiveNote])
  feed.close()
})

feeds('tells only what has changed, and once a tick', async () => {
  const { clock, feed, shown } = begin()
  const reader = new Reader()
  feed.subscribe(reader)
  const [first, ...others] = shown.state.nodes
  shown.state = { ...shown.state, round: 2, nodes: [{ ...first, state: 'gone' }, ...others] }
  feed.addRound(point)
  feed.addRound({ ...point, round: 2 })
  await clock.advance(tickMs)
  assert.equal(reader.last<LiveDelta>(), {
    state: { round: 2 },
    nodes: [{ ...first, state: 'gone' }],
    links: [],
    rounds: [point, { ...point, round: 2 }],
    notes: []
  })
  await clock.advance(4 * tickMs)
  assert.equal(reader.events, ['snapshot', 'delta'])
  await clock.advance(heartbeatMs)
  assert.equal(reader.events, ['snapshot', 'delta', 'heartbeat'])
  feed.close()
})

feeds('keeps nothing for who reads too slowly, and tells it all anew later', async () => {
  const { clock, feed, shown } = begin()
  const [slow, fast] = [new Reader(), new Reader()]
  for (const reader of [slow, fast]) feed.subscribe(reader)
  slow.ready = false
  for (let round = 2; round < 6; round++) {
    shown.state = liveState(3, round)
    await clock.advance(tickMs)
  }
  assert.equal([slow.events.length, fast.events.length], [1, 5])
  slow.ready = true
  await clock.advance(tickMs)
  assert.equal(slow.events, ['snapshot', 'snapshot'])
  assert.is(slow.last<LiveSnapshot>().state.round, 5)
  assert.is(fast.events.length, 5)
  feed.close()
})

feeds('lets go of who reads nothing any more', async () => {
  const { clock, feed } = begin()
  const reader = new Reader()
  feed.subscribe(reader)
  reader.ready = false
  await clock.advance(patienceMs)
  assert.is(reader.closed, false)
  await clock.advance(2 * tickMs)
  assert.is(reader.closed, true)
  feed.close()
})

feeds('keeps only the latest history', () => {
  const { feed } = begin()
  for (let i = 1; i <= 600; i++) {
    feed.addRound({ ...point, round: i })
    feed.note('info', String(i))
  }
  const { rounds, notes } = feed.snapshot()
  assert.equal([rounds.length, rounds[0].round, notes.length, notes[0].text], [500, 101, 200, '401'])
})

feeds('says goodbye when it is closed', async () => {
  const { clock, feed } = begin()
  const reader = new Reader()
  feed.subscribe(reader)
  feed.close()
  assert.equal([reader.events.at(-1), reader.closed, clock.waiting], ['end', true, 0])
})

feeds.run()
