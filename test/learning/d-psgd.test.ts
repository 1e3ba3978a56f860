import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import type { Rng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { metropolisHastings } from '../../learning/topology/mixing-matrix.js'
import { close } from '../helpers/close.js'
import { MachineBench, ofType, only } from '../helpers/machine.js'
import { nameOf, VirtualSwarm, type VirtualSwarmInit } from '../helpers/virtual-swarm.js'

const dPsgd = suite('d-psgd')
const LENGTH = 5
const create = (length: number) => createAveraging('d-psgd', length)

function swarm(topology: string, size: number, init: Partial<VirtualSwarmInit> = {}): VirtualSwarm {
  const graph = createTopology(topology).graph(size, 1)
  return new VirtualSwarm({ graph, length: LENGTH, create, ...init })
}

/** A node on two neighbours, a and b, at the end of its local steps. */
function trainedBench(): MachineBench {
  const node = new MachineBench(create(LENGTH), LENGTH)
  node.members(['a', 'b'])
  node.start()
  node.trained()
  return node
}

dPsgd('multiplies the models by the mixing matrix once a round', () => {
  const rounds = 7
  for (const [topology, size] of [
    ['ring', 7],
    ['complete', 5],
    ['torus', 12],
    ['edges:0-1,0-2,0-3,3-4', 5]
  ] as const) {
    const averaged = swarm(topology, size, { rounds })
    const matrix = metropolisHastings(createTopology(topology).graph(size, 1))
    let expected = averaged.models.map(model => Float64Array.from(model))
    for (let round = 0; round < rounds; round++) {
      expected = expected.map((model, i) =>
        model.map((value, k) =>
          matrix[i].reduce((sum, { neighbour, weight }) => sum + weight * (expected[neighbour][k] - value), value)
        )
      )
    }
    averaged.start().run()
    averaged.models.forEach((model, i) => close(model, expected[i], 1e-6, `${topology}, node ${i}`))
  }
})

dPsgd('ends in the same bits however early or late the messages are', () => {
  const train = (work: Float32Array, node: number): number => {
    work.forEach((value, k) => {
      work[k] = 0.9 * value + node + k
    })
    return 0
  }
  const init: Partial<VirtualSwarmInit> = { rounds: 20, compress: 'quantize:8', train }
  const prompt = swarm('ring', 6, init).start().run()
  const slow = (rng: Rng): number => rng.integer(40)
  const late = swarm('ring', 6, { ...init, delayMs: slow, trainMs: slow })
  let apart = 0
  late.start()
  for (let ms = 0; ms < 500; ms += 5) {
    const { rounds } = late.run(ms)
    apart = Math.max(apart, Math.max(...rounds) - Math.min(...rounds))
  }
  late.run()
  assert.ok(apart > 1, `rounds are ${apart} apart: nothing was early`)
  late.models.forEach((model, i) => close(model, prompt.models[i], 0, `node ${i}`))
  for (const { log } of late.nodes) assert.equal(ofType(log, 'reject'), [])
})

dPsgd('leaves the weight of a neighbour that does not answer at home', () => {
  const node = trainedBench()
  node.model('b', 1, 4)
  node.nowMs = 1e6
  const { averagedWith, missed, neighbourDistance } = only(node.timeout(), 'averaged')
  assert.equal([averagedWith, missed, neighbourDistance], [['b'], ['a'], 3 * Math.sqrt(LENGTH)])
  close(node.parameters, new Float32Array(LENGTH).fill(1 + 3 / 3), 0)
})

dPsgd('tells the root mean square distance to the neighbours that it averaged with', () => {
  const node = trainedBench()
  node.model('a', 1, 4)
  assert.is(only(node.model('b', 1, 5), 'averaged').neighbourDistance, Math.sqrt(((9 + 16) * LENGTH) / 2))
})

dPsgd('sends its update to a neighbour that joins, or comes back, in the middle of a round', () => {
  const node = trainedBench()
  assert.equal(
    ofType(node.members(['a', 'b', 'c']), 'send').map(({ to }) => to),
    ['c']
  )
  assert.equal(ofType(node.members(['a', 'b', 'c']), 'send'), [])
  node.members(['a', 'c'], ['b'])
  assert.equal(
    ofType(node.members(['a', 'b', 'c']), 'send').map(({ to, update }) => [to, update.round]),
    [['b', 1]]
  )
})

dPsgd('waits once for a neighbour that leaves and comes back in the middle of a round', () => {
  const node = trainedBench()
  node.model('a', 1, 4)
  node.members(['b'])
  node.members(['a', 'b', 'c'])
  assert.equal(node.machine.awaited, ['b', 'c'])
  node.model('c', 1, 4)
  assert.equal(only(node.model('b', 1, 4), 'averaged').averagedWith, ['a', 'b', 'c'])
  close(node.parameters, new Float32Array(LENGTH).fill(1 + (3 * 3) / 4), 0)
})

dPsgd('sends the next round to everybody again', () => {
  const node = trainedBench()
  node.model('a', 1)
  node.model('b', 1)
  assert.equal(
    ofType(node.trained(), 'send').map(({ to }) => to),
    ['a', 'b']
  )
})

dPsgd('refuses a malformed update and averages with the rest', () => {
  const node = trainedBench()
  node.update('a', { kind: 'model', round: 1, payload: new Uint8Array(3) })
  const actions = node.model('b', 1, 4)
  assert.equal(ofType(actions, 'reject'), [{ type: 'reject', from: 'a', reason: 'malformed' }])
  assert.equal(only(actions, 'averaged').averagedWith, ['b'])
  close(node.parameters, new Float32Array(LENGTH).fill(2), 0)
})

dPsgd('adds in the order of the peers, not of the messages', () => {
  const run = (order: readonly string[]): Float32Array => {
    const node = new MachineBench(create(LENGTH), LENGTH)
    const values = new Map([
      ['a', 1e7],
      ['b', -1e7],
      ['c', 0.1]
    ])
    node.members(['c', 'a', 'b'])
    node.start()
    node.trained()
    for (const peer of order) node.model(peer, 1, values.get(peer))
    return node.parameters
  }
  const expected = run(['a', 'b', 'c'])
  for (const order of [
    ['c', 'b', 'a'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b']
  ])
    close(run(order), expected, 0, order.join())
})

dPsgd('converges near the mean of the optima of quadratics', () => {
  const size = 8
  const optimum = (node: number, k: number): number => Math.sin(3 * node + k)
  const stepSize = 0.02
  const train = (work: Float32Array, node: number): number => {
    let loss = 0
    work.forEach((value, k) => {
      loss += (value - optimum(node, k)) ** 2 / 2
      work[k] -= stepSize * (value - optimum(node, k))
    })
    return loss
  }
  const learned = swarm('ring', size, { rounds: 400, train }).start().run()
  const nodes = [...Array(size).keys()]
  const target = Array.from({ length: LENGTH }, (_, k) => nodes.reduce((sum, node) => sum + optimum(node, k) / size, 0))
  close(learned.mean, target, 1e-3, 'mean')
  learned.models.forEach((model, i) => close(model, target, 0.15, `node ${i}`))
})

dPsgd('brings a node that slept for ten rounds to the round of its neighbours', () => {
  const averaged = swarm('ring', 6).start().run(35)
  averaged.sleep(2)
  averaged.run(200)
  const slept = averaged.rounds[2]
  const before = averaged.rounds
  assert.ok(before[1] - slept >= 10, `rounds ${before.join()}`)
  averaged.wake(2)
  averaged.run(300)
  const { rounds } = averaged
  assert.ok(Math.max(...rounds) - Math.min(...rounds) <= 1, `rounds ${rounds.join()}`)
  const met = ofType(averaged.nodes[2].log, 'averaged').filter(({ averagedWith }) => averagedWith.length === 2)
  assert.ok(met.at(-1)!.round > before[1] + 5, 'and averages with both of them again')
})

dPsgd('reaches the mean in log2 n rounds where neighbours take turns, one a round', () => {
  for (const init of [{}, { delayMs: (rng: Rng) => rng.integer(40), trainMs: (rng: Rng) => rng.integer(40) }]) {
    const averaged = swarm('one-peer-exponential', 16, { ...init, rounds: 4 })
    const before = averaged.mean
    averaged.start().run()
    averaged.models.forEach((model, i) => close(model, before, 1e-6, `node ${i}`))
    for (const { log } of averaged.nodes) {
      assert.equal(
        ofType(log, 'send').map(({ update }) => update.round),
        [1, 2, 3, 4]
      )
      assert.equal(ofType(log, 'reject'), [])
    }
  }
})

dPsgd('brings a node back that slept while neighbours took turns', () => {
  const deadline = { minMs: 50, maxMs: 200 }
  const averaged = swarm('one-peer-exponential', 8, { deadline, rounds: 100 }).start().run(35)
  averaged.sleep(2)
  averaged.run(400)
  const slept = averaged.rounds[2]
  assert.ok(averaged.rounds[3] - slept >= 10, `rounds ${averaged.rounds.join()}`)
  averaged.wake(2)
  averaged.run()
  const back = ofType(averaged.nodes[2].log, 'averaged').filter(({ round }) => round > slept + 10)
  assert.ok(back.length > 30, `only ${back.length} rounds after it woke`)
  assert.ok(back.slice(-10).every(({ averagedWith }) => averagedWith.length === 1))
  assert.equal(new Set(averaged.rounds), new Set([100]))
})

dPsgd('does not follow one lying neighbour into the future', () => {
  const averaged = swarm('complete', 4, { rounds: 20 }).start().run(15)
  const payload = new Uint8Array(4 * LENGTH)
  for (const to of [1, 2, 3]) averaged.inject(0, to, { kind: 'model', round: 900_000, payload })
  averaged.run(20)
  assert.ok(Math.max(...averaged.rounds) < 4, `rounds ${averaged.rounds.join()}`)
  averaged.run()
  for (const node of [1, 2, 3]) assert.is(averaged.rounds[node], 20, nameOf(node))
})

dPsgd.run()
