import '../../node/with-resolvers.js'
import { TopicValidatorResult, type Message } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../node/clock.js'
import { encodeMember } from '../../protocols/member-record.js'
import { Membership } from '../../protocols/membership.js'
import { Member } from '../../protocols/messages.js'
import { membersTopic } from '../../protocols/protocol-ids.js'
import { Changes } from '../helpers/changes.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { connect, withHosts, type TestHost } from '../helpers/host.js'
import { FakePubsub, newPeer } from './fake-pubsub.js'

const taskId = 'a'.repeat(64)
const topic = membersTopic(taskId)

const memberships = suite('membership')

function join({ host, id }: TestHost, changes: Changes, round = 0): Membership {
  const membership = new Membership(
    { pubsub: host.services.pubsub, clock: systemClock },
    {
      taskId,
      self: id,
      addresses: () => host.getMultiaddrs(),
      round: () => round,
      firstSequence: 1n,
      onFault: (_, fault) => assert.unreachable(fault),
      onChange: changes.notify
    }
  )
  membership.start()
  return membership
}

memberships('introduces everybody on a line of three, and notices who leaves', () =>
  withHosts(3, async (b, a, c) => {
    assert.is(a.host.getConnections(c.host.peerId).length, 0, 'the ends of the line are not connected')
    const changes = new Changes()
    const members = [b, a, c].map((host, i) => join(host, changes, i))
    try {
      await changes.until(() => members.every(({ peers }) => peers.length === 3), 'three to know of three')
      const everybody = [a.id, b.id, c.id].sort()
      for (const { peers } of members) assert.equal(peers, everybody)
      const record = members[2].get(a.id)
      assert.is(record?.round, 1)
      assert.equal(record?.addresses.map(String), a.host.getMultiaddrs().map(String))
      assert.equal(members[0].records.map(({ peer }) => peer).sort(), everybody)
      members[1].stop()
      await changes.until(() => [0, 2].every(i => members[i].peers.length === 2), 'the others to notice who left')
      assert.equal(members[2].peers, [b.id, c.id].sort())
    } finally {
      for (const member of [members[0], members[2]]) member.stop()
    }
  })
)

memberships('learns of members who were there before', () =>
  withHosts(1, async a =>
    withHosts(1, async b => {
      const changes = new Changes()
      const first = join(a, changes)
      await connect(b, a)
      const second = join(b, changes)
      try {
        await changes.until(() => first.peers.length === 2 && second.peers.length === 2, 'two to know of two')
      } finally {
        first.stop()
        second.stop()
      }
    })
  )
)

interface Stubbed {
  readonly pubsub: FakePubsub
  readonly clock: FakeClock
  readonly membership: Membership
  readonly self: PeerId
  readonly other: PeerId
  readonly faults: string[]
  readonly changed: () => number
}

async function stubbed(): Promise<Stubbed> {
  const [self, other] = [await newPeer(), await newPeer()]
  const pubsub = new FakePubsub(topic)
  const clock = new FakeClock()
  let changed = 0
  const faults: string[] = []
  const membership = new Membership(
    { pubsub: pubsub.asPubsub, clock },
    {
      taskId,
      self: self.toString(),
      addresses: () => [],
      round: () => 5,
      firstSequence: 100n,
      onFault: (peer, fault) => faults.push(`${peer} ${fault}`),
      onChange: () => changed++
    }
  )
  membership.start()
  return { pubsub, clock, membership, self, other, faults, changed: () => changed }
}

/** Each is newer than the one before. */
let sequence = 0n

function announcement(of: PeerId, round = 1, left = false): Uint8Array {
  return Member.encode(encodeMember({ peer: of.toString(), addresses: [], round }, left, ++sequence))
}

memberships('believes only what a member says of itself', async () => {
  const { pubsub, membership, self, other, changed } = await stubbed()
  const third = await newPeer()
  pubsub.deliver(third, announcement(other))
  pubsub.deliver(self, announcement(self))
  pubsub.deliver(other, Uint8Array.of(255, 255, 255))
  pubsub.deliver(other, Member.encode({ peer: Uint8Array.of(1), addresses: [], round: 1, left: false, sequence: 1n }))
  pubsub.deliver(other, announcement(other), { topic: 'another' })
  pubsub.deliver(other, announcement(other), { type: 'unsigned' })
  assert.equal([membership.peers, changed()], [[self.toString()], 0])
  pubsub.deliver(other, announcement(other))
  assert.equal([membership.peers, changed()], [[self, other].map(String).sort(), 1])
  pubsub.deliver(third, announcement(other, 1, true))
  assert.is(membership.peers.length, 2, 'nobody is sent away by somebody else')
  membership.stop()
})

memberships('is not fooled by an announcement that is sent again', async () => {
  const { pubsub, clock, membership, other, faults } = await stubbed()
  const [first, second, goodbye] = [announcement(other, 1), announcement(other, 2), announcement(other, 3, true)]
  for (const data of [first, second, first]) pubsub.deliver(other, data)
  assert.is(membership.get(other.toString())?.round, 2)
  pubsub.deliver(other, goodbye)
  pubsub.deliver(other, second)
  assert.is(membership.peers.length, 1, 'who has left is not brought back')
  pubsub.deliver(other, announcement(other, 4))
  await clock.advance(60_000)
  pubsub.deliver(other, goodbye)
  pubsub.deliver(other, second)
  assert.is(membership.peers.length, 1, 'nor who was forgotten')
  assert.equal(faults, Array(4).fill(`${other.toString()} replayed`))
  membership.stop()
})

memberships('numbers its announcements', async () => {
  const { pubsub, clock, membership } = await stubbed()
  await clock.advance(10_000)
  membership.stop()
  assert.equal(
    pubsub.published.map(({ sequence }) => sequence),
    [100n, 101n, 102n, 103n]
  )
})

memberships('stops listening to who announces without end, and to who hands that on', async () => {
  const { pubsub, clock, membership, other, faults } = await stubbed()
  const validate = pubsub.topicValidators.get(topic)!
  const accepted = async (from: PeerId, by: PeerId, times: number): Promise<number> => {
    let count = 0
    for (let i = 0; i < times; i++) {
      const message = { type: 'signed', from } as Message
      if ((await validate(by, message)) === TopicValidatorResult.Accept) count++
    }
    return count
  }
  assert.is(await accepted(other, other, 5000), 600)
  assert.equal([...new Set(faults)], [`${other.toString()} flooding`])
  await clock.advance(60_000)
  const relay = await newPeer()
  const crowd = await Promise.all(Array.from({ length: 20 }, newPeer))
  let handedOn = 0
  for (const author of crowd) handedOn += await accepted(author, relay, 500)
  assert.is(handedOn, 600)
  assert.is(faults.at(-1), `${relay.toString()} flooding`)
  membership.stop()
})

memberships('tells of a change only when somebody came or went', async () => {
  const { pubsub, membership, other, changed } = await stubbed()
  for (const round of [1, 2, 3]) pubsub.deliver(other, announcement(other, round))
  assert.equal([changed(), membership.get(other.toString())?.round], [1, 3])
  for (let time = 0; time < 2; time++) pubsub.deliver(other, announcement(other, 4, true))
  assert.equal([changed(), membership.get(other.toString())], [2, undefined])
  membership.stop()
})

memberships('forgets a member that was silent for 30 s, and none that speaks', async () => {
  const { pubsub, clock, membership, self, other } = await stubbed()
  const silent = await newPeer()
  pubsub.deliver(silent, announcement(silent))
  for (let elapsedMs = 0; elapsedMs < 40_000; elapsedMs += 10_000) {
    pubsub.deliver(other, announcement(other))
    await clock.advance(10_000)
    const expected = elapsedMs < 30_000 ? 3 : 2
    assert.is(membership.peers.length, expected, `after ${elapsedMs + 10_000} ms`)
  }
  assert.equal(membership.peers, [self, other].map(String).sort())
  membership.stop()
})

memberships('announces itself at once, every 5 s, and when it leaves', async () => {
  const { pubsub, clock, membership, self } = await stubbed()
  assert.is(pubsub.published.length, 1)
  await clock.advance(20_000)
  assert.is(pubsub.published.length, 5)
  membership.stop()
  assert.equal(
    pubsub.published.map(({ left }) => left),
    [false, false, false, false, false, true]
  )
  const { peer } = encodeMember({ peer: self.toString(), addresses: [], round: 5 })
  assert.is(Buffer.compare(pubsub.published[0].peer, peer), 0)
  assert.is(pubsub.published[0].round, 5)
  assert.equal([clock.waiting, pubsub.subscribed], [0, false])
})

memberships('hears nothing after it has stopped', async () => {
  const { pubsub, clock, membership, other, changed } = await stubbed()
  membership.stop()
  pubsub.deliver(other, announcement(other))
  pubsub.dispatchEvent(new Event('subscription-change'))
  assert.equal([changed(), clock.waiting], [0, 0])
})

memberships('answers many newcomers and subscriptions at once', async () => {
  const { pubsub, clock, membership } = await stubbed()
  for (let i = 0; i < 20; i++) {
    const peer = await newPeer()
    pubsub.deliver(peer, announcement(peer))
    pubsub.dispatchEvent(new Event('subscription-change'))
  }
  assert.is(pubsub.published.length, 1)
  await clock.advance(1000)
  assert.is(pubsub.published.length, 2)
  pubsub.dispatchEvent(new Event('subscription-change'))
  await clock.advance(1000)
  assert.is(pubsub.published.length, 3, 'and once more for the next')
  membership.stop()
})

memberships('takes over what it is told, but what members say themselves counts more', async () => {
  const { pubsub, membership, self, other, changed } = await stubbed()
  pubsub.deliver(other, announcement(other, 9))
  const third = (await newPeer()).toString()
  const told = [self.toString(), other.toString(), third].map(peer => ({ peer, addresses: [], round: 2 }))
  membership.learn(told)
  membership.learn(told)
  assert.equal([membership.get(other.toString())?.round, membership.get(third)?.round, changed()], [9, 2, 2])
  assert.is(membership.peers.length, 3)
  membership.stop()
})

memberships('keeps a bounded number of members', async () => {
  const { pubsub, membership, other, changed } = await stubbed()
  membership.learn(Array.from({ length: 10_001 }, (_, i) => ({ peer: `peer ${i}`, addresses: [], round: 0 })))
  assert.equal([membership.peers.length, changed()], [10_001, 1])
  pubsub.deliver(other, announcement(other))
  assert.equal([membership.peers.length, changed(), membership.get(other.toString())], [10_001, 1, undefined])
  membership.stop()
})

memberships.run()
