import '../../node/with-resolvers.js'
import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import type { Neighbour } from '../../learning/averaging/averaging.js'
import { RefusedError, UnsupportedVersionError } from '../../protocols/errors.js'
import { Neighbourhood } from '../../node/neighbourhood.js'
import { FakeClock, settled } from '../helpers/fake-clock.js'

/** Peer ids that are real, and ascending. */
const ids = [
  '12D3KooWA6cmbUMtF8VgzkRi1MLyYzNJDtbYTcnLWmBTvvYZh7jV',
  '12D3KooWBVLkVDUTWUVGCUP5T2vFm5UnDGA8vY5uvhVDWzx6ubwx',
  '12D3KooWCzMBrWLExmhSHXuVy3RwzNxvdSuxV3AmC9Q5uJj6WZqg',
  '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  '12D3KooWGQmdpbHXNa5SwZhvc8GqCmsN83w3JgU1eWnZ9HZBjfVm'
]

interface Stub {
  readonly neighbourhood: Neighbourhood
  readonly clock: FakeClock
  /** Members, this node (the first) among them. */
  members: string[]
  /** What opening a link to a peer does, when it does not work. */
  readonly failing: Map<string, Error>
  /** Times at which links were asked for. */
  readonly opened: { readonly peer: string; readonly atMs: number; readonly signal: AbortSignal | undefined }[]
  readonly closed: string[]
  readonly reports: { readonly neighbours: readonly Neighbour[]; readonly expected: readonly string[] }[]
  readonly logged: string[]
  readonly doubted: string[]
  /** A link is lost. */
  lose(peer: string): void
  /** A peer opens its direction. */
  hear(peer: string): void
  wanted(): string[]
}

function create(
  topology = 'ring',
  options: { hang?: boolean; size?: number; self?: number; connected?: boolean } = {}
): Stub {
  const clock = new FakeClock()
  const links = new Set<string>()
  const heard = new Set<string>()
  const log =
    (level: string) =>
    (message: string): number =>
      stub.logged.push(`${level} ${message}`)
  const neighbourhood = new Neighbourhood(
    {
      membership: {
        get peers() {
          return [...stub.members].sort()
        },
        get: () => undefined
      },
      exchange: {
        get links() {
          return [...links]
        },
        isOpen: peer => links.has(peer),
        hears: peer => heard.has(peer),
        async open(id, { signal } = {}) {
          const peer = id.toString()
          stub.opened.push({ peer, atMs: clock.now(), signal })
          if (options.hang === true) {
            await new Promise(resolve => signal?.addEventListener('abort', resolve))
            throw new Error('given up')
          }
          const failure = stub.failing.get(peer)
          if (failure !== undefined) throw failure
          links.add(peer)
          neighbourhood.linksChanged()
        },
        close(peer) {
          stub.closed.push(peer)
          if (links.delete(peer)) neighbourhood.linksChanged()
        }
      },
      remember: async () => {},
      doubt: peer => stub.doubted.push(peer),
      connected: () => options.connected === true,
      clock,
      log: { error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') },
      // No jitter, so that times are known.
      rng: { ...createRng(1), uniform: () => 0 }
    },
    {
      self: ids[options.self ?? 0],
      topology: createTopology(topology),
      seed: 1,
      onChange: (neighbours, expected) => stub.reports.push({ neighbours, expected })
    }
  )
  const stub: Stub = {
    neighbourhood,
    clock,
    members: ids.slice(0, options.size ?? 3),
    failing: new Map<string, Error>(),
    opened: [],
    closed: [],
    reports: [],
    logged: [],
    doubted: [],
    lose(peer) {
      links.delete(peer)
      neighbourhood.linksChanged()
    },
    hear(peer) {
      heard.add(peer)
      neighbourhood.linksChanged()
    },
    wanted: () => neighbourhood.wanted.map(({ peer }) => peer)
  }
  return stub
}

function timesOf(stub: Stub, peer: string): number[] {
  return stub.opened.filter(one => one.peer === peer).map(({ atMs }) => atMs)
}

const neighbourhoods = suite('neighbourhood')

neighbourhoods('wants the neighbours of the topology over the sorted members', () => {
  const cases: [topology: string, size: number, wanted: string[]][] = [
    ['ring', 1, []],
    ['ring', 2, [ids[1]]],
    ['ring', 5, [ids[1], ids[4]]],
    ['complete', 5, ids.slice(1)]
  ]
  for (const [topology, size, wanted] of cases) {
    const stub = create(topology, { size })
    stub.neighbourhood.membersChanged()
    assert.equal(stub.wanted(), wanted, `${topology} of ${size}`)
    stub.neighbourhood.stop()
  }
})

neighbourhoods('falls back to a ring when the topology has no graph of that size', () => {
  const stub = create('random-regular:3', { size: 5 })
  stub.neighbourhood.membersChanged()
  assert.equal(stub.wanted(), [ids[1], ids[4]])
  assert.ok(stub.logged.some(line => line.startsWith('debug topology does not exist')))
  stub.neighbourhood.stop()
})

neighbourhoods('leaves dialling to the peer with the smaller id, for a while', async () => {
  const stub = create('complete', { self: 2 })
  stub.neighbourhood.membersChanged()
  await settled()
  assert.equal(stub.opened, [], 'both have smaller ids')
  stub.hear(ids[0])
  await settled()
  assert.equal(timesOf(stub, ids[0]), [0], 'at once over the connection that it made')
  await stub.clock.advance(4999)
  assert.equal(timesOf(stub, ids[1]), [])
  await stub.clock.advance(1)
  assert.equal(timesOf(stub, ids[1]), [5000], 'it did not come')
  stub.neighbourhood.stop()
})

neighbourhoods('leaves dialling to the peer with the smaller id after a loss too, but not for long', async () => {
  for (const [comes, atMs] of [
    [true, 500],
    [false, 1500]
  ] as const) {
    const stub = create('ring', { self: 1, size: 2 })
    stub.neighbourhood.membersChanged()
    await stub.clock.advance(5000)
    stub.lose(ids[0])
    await stub.clock.advance(499)
    if (comes) stub.hear(ids[0])
    await stub.clock.advance(10_000)
    assert.equal(timesOf(stub, ids[0]), [5000, 5000 + atMs], comes ? 'it came' : 'it did not')
    stub.neighbourhood.stop()
  }
})

neighbourhoods('waits for nobody when there is a connection already', async () => {
  const stub = create('complete', { self: 2, connected: true })
  stub.neighbourhood.membersChanged()
  await settled()
  assert.equal(timesOf(stub, ids[0]), [0])
  stub.neighbourhood.stop()
})

neighbourhoods('opens every link once, and reports with weights', async () => {
  const stub = create('ring', { size: 4 })
  stub.neighbourhood.membersChanged()
  stub.neighbourhood.membersChanged()
  assert.equal(stub.reports, [{ neighbours: [], expected: [ids[1], ids[3]] }], 'reported once, as nothing changed')
  assert.not.ok(stub.neighbourhood.complete)
  await settled()
  assert.equal(
    stub.opened.map(({ peer }) => peer),
    [ids[1], ids[3]]
  )
  assert.equal(stub.reports.at(-1), { neighbours: [1, 3].map(i => ({ peer: ids[i], weight: 1 / 3 })), expected: [] })
  assert.ok(stub.neighbourhood.complete)
  await stub.clock.advance(100_000)
  assert.is(stub.opened.length, 2)
})

neighbourhoods('tries again after 250 ms, then twice as long each time, up to 10 s', async () => {
  const stub = create('ring', { size: 2 })
  stub.failing.set(ids[1], new Error('connection refused'))
  stub.neighbourhood.membersChanged()
  await stub.clock.advance(40_000)
  assert.equal(timesOf(stub, ids[1]), [0, 250, 750, 1750, 3750, 7750, 15_750, 25_750, 35_750])
  stub.failing.clear()
  await stub.clock.advance(10_000)
  assert.ok(stub.neighbourhood.complete)
  assert.ok(stub.logged.every(line => line.startsWith('debug')))
})

neighbourhoods('waits a minute after a peer refused, and warns', async () => {
  for (const error of [new RefusedError(ids[1], 'another task'), new UnsupportedVersionError(ids[1], 'exchange')]) {
    const stub = create('ring', { size: 2 })
    stub.failing.set(ids[1], error)
    stub.neighbourhood.membersChanged()
    await stub.clock.advance(130_000)
    assert.equal(timesOf(stub, ids[1]), [0, 60_000, 120_000], error.name)
    assert.ok(stub.logged[0].startsWith('warn'), error.name)
    stub.neighbourhood.stop()
  }
})

neighbourhoods('makes no attempt after it has stopped, and keeps no timer', async () => {
  const stub = create('ring', { size: 3 })
  stub.failing.set(ids[1], new Error('unreachable'))
  stub.neighbourhood.membersChanged()
  await settled()
  const { length } = stub.opened
  stub.neighbourhood.stop()
  stub.lose(ids[2])
  stub.neighbourhood.membersChanged()
  await stub.clock.advance(100_000)
  assert.equal([stub.opened.length, stub.clock.waiting], [length, 0])
})

neighbourhoods('gives up an attempt under way when it stops', async () => {
  const stub = create('ring', { size: 2, hang: true })
  stub.neighbourhood.membersChanged()
  await settled()
  stub.neighbourhood.stop()
  await stub.clock.advance(100_000)
  assert.ok(stub.opened[0].signal?.aborted)
  assert.is(stub.opened.length, 1)
})

neighbourhoods('closes links to peers that are wanted no more, and stops trying them', async () => {
  const stub = create('complete', { size: 3 })
  stub.failing.set(ids[2], new Error('unreachable'))
  stub.neighbourhood.membersChanged()
  await settled()
  stub.members = [ids[0], ids[3]]
  stub.neighbourhood.membersChanged()
  await stub.clock.advance(60_000)
  assert.equal(stub.closed.sort(), [ids[1], ids[2]])
  assert.equal(timesOf(stub, ids[2]), [0])
  assert.equal(
    stub.reports.at(-1)?.neighbours.map(({ peer }) => peer),
    [ids[3]]
  )
})

neighbourhoods('opens the link of a peer that is wanted again at once', async () => {
  const stub = create('ring', { size: 2 })
  stub.failing.set(ids[1], new Error('unreachable'))
  stub.neighbourhood.membersChanged()
  await settled()
  stub.failing.clear()
  for (const members of [[ids[0]], [ids[0], ids[1]]]) {
    stub.members = members
    stub.neighbourhood.membersChanged()
  }
  await settled()
  assert.ok(stub.neighbourhood.complete)
})

neighbourhoods('reopens a link that broke, later each time when it keeps breaking', async () => {
  const stub = create('ring', { size: 2 })
  stub.neighbourhood.membersChanged()
  await settled()
  const breakNow = async (): Promise<void> => {
    const before = stub.opened.length
    stub.lose(ids[1])
    assert.equal(stub.reports.at(-1), { neighbours: [], expected: [ids[1]] })
    while (stub.opened.length === before) await stub.clock.advance(250)
  }
  for (let time = 0; time < 8; time++) await breakNow()
  const times = timesOf(stub, ids[1])
  const gaps = times.slice(1).map((atMs, i) => atMs - times[i])
  assert.equal(gaps, [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000])
  await stub.clock.advance(20_000)
  const before = stub.clock.now()
  await breakNow()
  assert.is(timesOf(stub, ids[1]).at(-1)! - before, 250, 'a link that lasted is back soon')
})

neighbourhoods('doubts a neighbour that was linked and cannot be reached, and no other', async () => {
  for (const [error, doubted] of [
    [new Error('connection refused'), [ids[1], ids[1]]],
    [new RefusedError(ids[1], 'another task'), []]
  ] as const) {
    const stub = create('ring', { size: 2 })
    stub.failing.set(ids[1], error)
    stub.neighbourhood.membersChanged()
    await stub.clock.advance(70_000)
    assert.equal(stub.doubted, [], 'it may be out of our reach alone')
    stub.failing.clear()
    await stub.clock.advance(70_000)
    stub.failing.set(ids[1], error)
    stub.lose(ids[1])
    await stub.clock.advance(500)
    assert.equal(stub.doubted, doubted)
    stub.neighbourhood.stop()
  }
})

neighbourhoods('reopens a link that breaks in the very moment it was opened', async () => {
  const stub = create('ring', { size: 2 })
  stub.neighbourhood.membersChanged()
  let told = stub.reports.length
  while (told === stub.reports.length) await Promise.resolve()
  stub.lose(ids[1])
  told = stub.opened.length
  await stub.clock.advance(1000)
  assert.is(stub.opened.length, told + 1)
  assert.ok(stub.neighbourhood.complete)
})

neighbourhoods('leaves no listener behind on the signal of a peer that it tries for long', async () => {
  const stub = create('ring', { size: 2 })
  const signals: AbortSignal[] = []
  const any = AbortSignal.any.bind(AbortSignal)
  AbortSignal.any = all => {
    signals.push(...all)
    return any(all)
  }
  try {
    stub.failing.set(ids[1], new Error('unreachable'))
    stub.neighbourhood.membersChanged()
    await stub.clock.advance(200_000)
  } finally {
    AbortSignal.any = any
  }
  assert.ok(stub.opened.length > 10)
  assert.ok(getEventListeners(signals[0], 'abort').length <= 1, 'only the pause under way listens')
  stub.neighbourhood.stop()
})

neighbourhoods.run()
