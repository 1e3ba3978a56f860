import '../../node/with-resolvers.js'
import { TopicValidatorResult, type Message } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../node/clock.js'
import { Doubts } from '../../protocols/doubts.js'
import { encodeMember } from '../../protocols/member-record.js'
import { Membership } from '../../protocols/membership.js'
import { Member } from '../../protocols/messages.js'
import { doubtsTopic } from '../../protocols/protocol-ids.js'
import { Changes } from '../helpers/changes.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { withHosts, type TestHost } from '../helpers/host.js'
import { FakePubsub, newPeer } from './fake-pubsub.js'

const taskId = 'a'.repeat(64)
const graceMs = 2500

const doubtful = suite('doubts')

interface Stubbed {
  readonly pubsub: FakePubsub
  readonly clock: FakeClock
  readonly doubts: Doubts
  readonly self: PeerId
  readonly other: PeerId
  /** When each member was heard of. */
  readonly heard: Map<string, number>
  /** When this node said that it is here. */
  readonly answered: number[]
  readonly faults: string[]
}

async function stubbed(): Promise<Stubbed> {
  const [self, other] = [await newPeer(), await newPeer()]
  const pubsub = new FakePubsub(doubtsTopic(taskId))
  const clock = new FakeClock()
  const heard = new Map([[other.toString(), 0]])
  const answered: number[] = []
  const faults: string[] = []
  const membership = {
    heardAtMs: (peer: string) => heard.get(peer),
    forget: (peer: string) => void heard.delete(peer),
    announceSoon: () => void answered.push(clock.now()),
    peers: []
  }
  const doubts = new Doubts(
    { pubsub: pubsub.asPubsub, membership, clock },
    { taskId, self: self.toString(), onFault: (peer, fault) => faults.push(`${peer} ${fault}`) }
  )
  doubts.start()
  return { pubsub, clock, doubts, self, other, heard, answered, faults }
}

function doubtOf(peer: PeerId): Uint8Array {
  return Member.encode(encodeMember({ peer: peer.toString(), addresses: [], round: 0 }))
}

doubtful('forgets who is doubted and not heard in time, whoever doubts it', async () => {
  for (const ours of [true, false]) {
    const { pubsub, clock, doubts, other, heard } = await stubbed()
    if (ours) doubts.raise(other.toString())
    else pubsub.deliver(await newPeer(), doubtOf(other))
    await clock.advance(graceMs - 1)
    assert.ok(heard.has(other.toString()))
    await clock.advance(1)
    assert.not.ok(heard.has(other.toString()))
    assert.is(pubsub.published.length, ours ? 1 : 0, 'a doubt is told once, by who has it')
    doubts.stop()
  }
})

doubtful('keeps who was heard meanwhile, and can doubt it again', async () => {
  const { clock, doubts, other, heard, pubsub } = await stubbed()
  const peer = other.toString()
  for (let time = 1; time <= 3; time++) {
    doubts.raise(peer)
    doubts.raise(peer)
    await clock.advance(graceMs / 2)
    heard.set(peer, clock.now())
    await clock.advance(graceMs)
    assert.ok(heard.has(peer))
    assert.is(pubsub.published.length, time)
  }
  doubts.stop()
})

doubtful('says that it is here when it is doubted, in time and not more often than needed', async () => {
  const { pubsub, clock, doubts, self, answered } = await stubbed()
  for (let i = 0; i < 100; i++) {
    pubsub.deliver(await newPeer(), doubtOf(self))
    await clock.advance(100)
  }
  assert.is(answered[0], 0)
  const gaps = answered.slice(1).map((atMs, i) => atMs - answered[i])
  assert.ok(
    gaps.every(gap => gap >= 500 && gap < graceMs / 2),
    gaps.join(', ')
  )
  doubts.stop()
})

doubtful('ignores doubts of strangers, and counts those that cannot be read', async () => {
  const { pubsub, clock, doubts, other, heard, faults } = await stubbed()
  doubts.raise((await newPeer()).toString())
  pubsub.deliver(other, doubtOf(await newPeer()))
  assert.equal([clock.waiting, pubsub.published.length], [0, 0])
  pubsub.deliver(other, Uint8Array.of(255, 255))
  pubsub.deliver(other, Member.encode({ peer: Uint8Array.of(1), addresses: [], round: 0, left: false, sequence: 0n }))
  assert.equal(faults, Array(2).fill(`${other.toString()} malformed`))
  assert.is(heard.size, 1)
  doubts.stop()
})

doubtful('stops listening to who doubts without end', async () => {
  const { pubsub, doubts, other, faults } = await stubbed()
  const validate = pubsub.topicValidators.get(doubtsTopic(taskId))!
  let accepted = 0
  for (let i = 0; i < 1000; i++) {
    const verdict = await validate(other, { type: 'signed', from: other } as Message)
    if (verdict === TopicValidatorResult.Accept) accepted++
  }
  assert.is(accepted, 120)
  assert.equal([...new Set(faults)], [`${other.toString()} flooding`])
  doubts.stop()
})

doubtful('leaves neither timer nor listener behind', async () => {
  const { pubsub, clock, doubts, self, other, heard } = await stubbed()
  for (const peer of [other, self, self]) pubsub.deliver(other, doubtOf(peer))
  doubts.stop()
  pubsub.deliver(other, doubtOf(other))
  assert.equal([clock.waiting, pubsub.subscribed, heard.size], [0, false, 1])
})

/** A member that takes part in doubts, or one that is as good as dead. */
function join({ host, id }: TestHost, changes: Changes): { membership: Membership; doubts: Doubts } {
  const components = { pubsub: host.services.pubsub, clock: systemClock }
  const onFault = (_: string, fault: string): void => assert.unreachable(fault)
  const membership = new Membership(components, {
    taskId,
    self: id,
    addresses: () => host.getMultiaddrs(),
    round: () => 0,
    firstSequence: 1n,
    onFault,
    onChange: changes.notify
  })
  const doubts = new Doubts({ ...components, membership }, { taskId, self: id, onFault })
  membership.start()
  return { membership, doubts }
}

doubtful('has all forget a member that is gone, and none that is there', () =>
  withHosts(3, async (...hosts) => {
    const changes = new Changes()
    const members = hosts.map(host => join(host, changes))
    for (const { doubts } of members) doubts.start()
    const lost = hosts[2]
    for (const { host } of hosts) host.addEventListener('connection:close', changes.notify)
    const isLost = ({ host }: TestHost): boolean =>
      host.getConnections().every(({ remotePeer }) => remotePeer.toString() !== lost.id)
    try {
      await changes.until(
        () => members.every(({ membership }) => membership.peers.length === 3),
        'three to know of three'
      )
      // Cut off without a word of farewell, and with nothing on its way that would still speak for it.
      await Promise.all(lost.host.getConnections().map(async connection => connection.close()))
      await changes.until(() => hosts.slice(0, 2).every(isLost), 'both to lose the third')
      const [first, second] = members
      first.doubts.raise(hosts[1].id)
      first.doubts.raise(lost.id)
      const alive = [hosts[0].id, hosts[1].id].sort()
      const knows = (of: Membership): boolean => of.peers.join() === alive.join()
      await changes.until(() => knows(first.membership) && knows(second.membership), 'both to forget the third')
    } finally {
      for (const { membership, doubts } of members) {
        doubts.stop()
        membership.stop()
      }
    }
  })
)

doubtful.run()
