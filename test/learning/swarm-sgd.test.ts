import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { VectorPool } from '../../learning/vector-pool.js'
import { close } from '../helpers/close.js'
import { MachineBench, ofType, only, reasons, type MachineOptions } from '../helpers/machine.js'
import { VirtualSwarm } from '../helpers/virtual-swarm.js'

const swarmSgd = suite('swarm-sgd')
const LENGTH = 4
const create = (length: number) => createAveraging('swarm-sgd', length)

function bench(peers: readonly string[], options: MachineOptions = {}): MachineBench {
  const node = new MachineBench(create(LENGTH), LENGTH, options)
  node.members(peers)
  node.start()
  return node
}

function holds(node: MachineBench, value: number, label: string): void {
  close(node.parameters, new Float32Array(LENGTH).fill(value), 0, label)
}

swarmSgd('keeps the local steps and the exchanges that happen meanwhile', () => {
  const node = bench(['a'])
  node.work.fill(1 + 0.5)
  const { to, update } = only(node.update('a', node.message('offer', 7, 3)), 'send')
  assert.equal([to, update], ['a', node.message('answer', 7, 1)])
  holds(node, 2, 'moved half way from 1 to 3')
  node.trained()
  holds(node, 2.5, 'and half a step further')
})

swarmSgd('gives back the vector in which it kept where local steps began', () => {
  const bases = new VectorPool(LENGTH)
  const vector = bases.take()
  bases.giveBack(vector)
  const node = bench(['a'], { bases })
  node.update('a', node.message('offer', 7, 3))
  assert.is(node.machine.start, vector)
  assert.is.not(bases.take(), vector)
  node.trained()
  assert.is(bases.take(), vector)
})

swarmSgd('throws diverged local steps away, but no exchange', () => {
  const node = bench(['a'])
  node.update('a', node.message('offer', 7, 3))
  node.trained(NaN)
  holds(node, 2, 'exchange')
})

swarmSgd('throws local steps away whose sum with an exchange overflows', () => {
  const node = bench(['a'])
  node.parameters.fill(1e38)
  node.work.fill(3e38)
  node.update('a', node.message('offer', 7, 3e38))
  const [diverged] = node.trained()
  assert.is(diverged.type, 'diverged')
  const [own, theirs] = [Math.fround(1e38), Math.fround(3e38)]
  holds(node, Math.fround(own + Math.fround(theirs - own) / 2), 'exchange')
})

swarmSgd('answers before its first round and after its last', () => {
  const node = new MachineBench(create(LENGTH), LENGTH, { rounds: 1 })
  node.members(['a'])
  assert.is(ofType(node.update('a', node.message('offer', 1, 3)), 'send').length, 1)
  holds(node, 2, 'idle')
  node.start()
  node.trained()
  only(node.update('a', node.message('answer', 1, 3)), 'finished')
  for (let round = 2; round < 100; round++) {
    assert.is(ofType(node.update('a', node.message('offer', round, 3)), 'send').length, 1, `round ${round}`)
  }
})

swarmSgd('applies an answer that comes after its deadline, once', () => {
  const node = bench(['a'])
  node.trained()
  node.nowMs = 1e6
  assert.equal(only(node.timeout(), 'averaged').missed, ['a'])
  assert.equal(node.update('a', node.message('answer', 1, 3)), [])
  holds(node, 2, 'late answer')
  assert.equal(reasons(node.update('a', node.message('answer', 1, 3))), ['duplicate'])
  holds(node, 2, 'the same again')
  node.trained()
  holds(node, 2, 'local steps of nothing')
  assert.equal(reasons(node.update('a', node.message('answer', 1, 3))), ['stale'])
})

swarmSgd('moves by the difference from what it offered, not from what it holds by now', () => {
  const node = bench(['a', 'b'])
  node.trained()
  const [partner] = node.machine.awaited
  node.update(partner === 'a' ? 'b' : 'a', node.message('offer', 1, 3))
  holds(node, 2, 'moved half way from 1 to 3')
  node.update(partner, node.message('answer', 1, 5))
  holds(node, 4, 'and by half of 5 - 1')
})

swarmSgd('takes the offers of two nodes to each other for one exchange', () => {
  const node = bench(['a'])
  node.trained()
  const actions = node.update('a', node.message('offer', 1, 3))
  assert.equal(ofType(actions, 'send'), [])
  assert.equal(only(actions, 'averaged').averagedWith, ['a'])
  holds(node, 2, 'half way')
  assert.equal(reasons(node.update('a', node.message('answer', 1, 3))), ['duplicate'])
})

swarmSgd('answers an offer once', () => {
  const node = bench(['a'])
  node.update('a', node.message('offer', 5, 3))
  assert.equal(reasons(node.update('a', node.message('offer', 5, 3))), ['duplicate'])
  holds(node, 2, 'half way')
  assert.equal(reasons(node.update('a', node.message('offer', 1, 2))), [], 'a peer that starts again')
})

swarmSgd('forgets the offers of a peer that has left', () => {
  const node = bench(['a'])
  node.update('a', node.message('offer', 5, 3))
  node.members([])
  node.trained()
  node.members(['a'])
  assert.equal(reasons(node.update('a', node.message('offer', 5, 3))), [])
})

swarmSgd('refuses the answer of a neighbour that it did not ask', () => {
  const node = bench(['a', 'b'])
  assert.equal(reasons(node.update('a', node.message('answer', 1, 3))), ['unexpected'])
  node.trained()
  const [asked] = node.machine.awaited
  assert.equal(reasons(node.update(asked === 'a' ? 'b' : 'a', node.message('answer', 1, 3))), ['unexpected'])
  assert.equal(node.machine.awaited, [asked])
  holds(node, 1, 'model')
})

swarmSgd('refuses an offer that is malformed, and does not answer it', () => {
  const node = bench(['a'])
  const actions = node.update('a', { kind: 'offer', round: 1, payload: new Uint8Array(3) })
  assert.equal(actions, [{ type: 'reject', from: 'a', reason: 'malformed' }])
  holds(node, 1, 'model')
})

swarmSgd('does not answer who could not hear it, but applies the answer of one that it has lost', () => {
  const node = bench(['a'])
  node.trained()
  assert.equal(only(node.members([], ['a']), 'averaged').averagedWith, [])
  assert.equal(reasons(node.update('a', node.message('offer', 1, 3))), ['not-a-neighbour'])
  holds(node, 1, 'offer')
  node.update('a', node.message('answer', 1, 3))
  holds(node, 2, 'answer')
})

swarmSgd('refuses a flood of offers until its next round', () => {
  const node = bench(['a', 'b'])
  const flood = Array.from({ length: 40 }, (_, i) => node.update('a', node.message('offer', i, 1)))
  assert.is(flood.filter(actions => ofType(actions, 'send').length === 1).length, 32)
  assert.equal(reasons(flood[39]), ['surplus'])
  assert.is(ofType(node.update('b', node.message('offer', 1, 1)), 'send').length, 1, 'another peer')
  node.members([])
  node.trained()
  node.members(['a'])
  assert.is(ofType(node.update('a', node.message('offer', 40, 1)), 'send').length, 1, 'the next round')
})

swarmSgd('picks every neighbour in its turn', () => {
  const node = bench(['a', 'b', 'c'])
  const partners = new Set<string>()
  for (let round = 1; round <= 30; round++) {
    partners.add(only(node.trained(), 'send').to)
    node.nowMs += 1e6
    node.timeout()
  }
  assert.is(partners.size, 3)
})

swarmSgd('waits as long as its neighbours take to answer', () => {
  const node = bench(['a'])
  let waitMs = 0
  for (let round = 1; round <= 5; round++) {
    waitMs = only(node.trained(), 'wait').untilMs - node.nowMs
    node.nowMs += 1200
    node.update('a', node.message('answer', round, 1))
  }
  assert.is(waitMs, 2400)
})

swarmSgd('lets fast and slow nodes each go at their own pace', () => {
  const graph = createTopology('ring').graph(4, 1)
  const averaged = new VirtualSwarm({ graph, length: LENGTH, create, trainMs: (_, node) => (node === 0 ? 100 : 10) })
  averaged.start().run(2000)
  const [slow, ...fast] = averaged.rounds
  assert.ok(slow < 25 && Math.min(...fast) > 120, `rounds ${averaged.rounds.join()}`)
})

swarmSgd.run()
