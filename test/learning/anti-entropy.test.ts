import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { CommonModel } from '../../learning/averaging/common-model.js'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import {
  decodeIncrements,
  encodeIncrements,
  MAX_ORIGINS,
  type IncrementsMessage
} from '../../learning/averaging/increments-message.js'
import { encodeCopy } from '../../learning/averaging/public-copy.js'
import { MalformedUpdateError } from '../../learning/errors.js'
import { createRng, type Rng } from '../../learning/rng.js'
import type { Action } from '../../learning/events.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { close } from '../helpers/close.js'
import { incrementsFrom, peerOrigin } from '../helpers/increments.js'
import { compressorOf, MachineBench, ofType, only, reasons, type MachineOptions } from '../helpers/machine.js'
import { VirtualSwarm, type VirtualSwarmInit } from '../helpers/virtual-swarm.js'

const LENGTH = 20

const model = (value: number): Float32Array => new Float32Array(LENGTH).fill(value)

const messages = suite('increments on the wire')

const sample: IncrementsMessage = {
  lineage: 0xfedcba98,
  progress: 300,
  acknowledged: 41,
  asks: true,
  answers: false,
  vector: [
    { origin: 5, version: 200, wanted: false },
    { origin: 0xffffffff, version: 7, wanted: true },
    { origin: 6, version: 0, wanted: true }
  ],
  increments: [
    { origin: 5, version: 200, round: 70000, nodes: 8, payload: Uint8Array.of(1, 2, 3) },
    { origin: 0xffffffff, version: 6, round: 0, nodes: 300, payload: new Uint8Array() }
  ]
}

messages('come back as they were', () => {
  const withSnapshot = { ...sample, asks: false, increments: [], snapshot: encodeCopy(model(0.5)) }
  for (const message of [sample, withSnapshot]) assert.equal(decodeIncrements(encodeIncrements(message)), message)
})

messages('are refused when they are cut short, changed or random, and by no other error', () => {
  const whole = encodeIncrements(sample)
  const isRefused = (bytes: Uint8Array): boolean => {
    try {
      decodeIncrements(bytes)
      return false
    } catch (error) {
      assert.instance(error, MalformedUpdateError)
      return true
    }
  }
  for (let length = 0; length < whole.length; length++) assert.ok(isRefused(whole.subarray(0, length)), `${length}`)
  assert.ok(isRefused(Uint8Array.of(...whole, 0)), 'one byte more')
  const rng = createRng('fuzz')
  let refused = 0
  for (let i = 0; i < 4000; i++) {
    const bytes = whole.slice()
    for (let changes = 1 + rng.integer(3); changes > 0; changes--) bytes[rng.integer(bytes.length)] = rng.integer(256)
    if (isRefused(bytes)) refused++
    isRefused(Uint8Array.from({ length: rng.integer(60) }, () => rng.integer(256)))
  }
  assert.ok(refused > 1000, `${refused} of 4000`)
})

messages('are refused before anything is kept for more origins than there may be', () => {
  const vector = Array.from({ length: MAX_ORIGINS + 1 }, (_, origin) => ({ origin, version: 1, wanted: false }))
  const expected = (error: Error): boolean => error instanceof MalformedUpdateError
  assert.throws(() => decodeIncrements(encodeIncrements({ ...sample, vector, increments: [] })), expected)
  const twice = [sample.vector[0], sample.vector[0]]
  assert.throws(() => decodeIncrements(encodeIncrements({ ...sample, vector: twice, increments: [] })), expected)
})

messages.run()

const common = suite('CommonModel')

common('is the same in whatever order increments are added', () => {
  const rng = createRng('order')
  const normals = (scale: number): Float32Array => Float32Array.from({ length: 50 }, () => scale * rng.normal())
  const increments = Array.from({ length: 200 }, (_, i) => ({ values: normals(10 ** -(i % 7)), nodes: 1 + (i % 9) }))
  const added = (order: typeof increments): Float32Array => {
    const sum = new CommonModel(50)
    const result = new Float32Array(50)
    sum.reset(first)
    for (const { values, nodes } of order) sum.add({ values }, nodes)
    sum.writeTo(result)
    return result
  }
  const first = normals(1)
  const expected = added(increments)
  close(added([...increments].reverse()), expected, 0)
  close(added(increments.map((_, i) => increments[(i * 77) % 200])), expected, 0)
})

common.run()

const strategy = suite('anti-entropy')

function swarmOf(topology: string, nodes: number, init: Partial<VirtualSwarmInit> = {}): VirtualSwarm {
  return new VirtualSwarm({
    graph: createTopology(topology).graph(nodes, 1),
    length: LENGTH,
    create: length => createAveraging('anti-entropy', length),
    initial: () => model(1),
    ...init
  })
}

/** Local steps that go anywhere, until a node has done so many rounds; later ones lead nowhere. */
function wander(rounds: number, seed = 'wander'): (work: Float32Array, node: number) => number {
  const rngs: Rng[] = []
  const done: number[] = []
  return (work, node) => {
    rngs[node] ??= createRng(seed).fork(node)
    done[node] = (done[node] ?? 0) + 1
    if (done[node] <= rounds) work.forEach((_, k) => (work[k] += rngs[node].normal()))
    return 1
  }
}

strategy('gives all nodes the same model, bit for bit, once they have heard the same', () => {
  const losses = [
    { loss: 0 },
    { loss: 0.1, deadline: { minMs: 50, maxMs: 200 }, delayMs: (rng: Rng) => rng.integer(30) }
  ]
  for (const topology of ['ring', 'exponential']) {
    for (const lossy of losses) {
      const { models } = swarmOf(topology, 8, { rounds: 90, train: wander(30), ...lossy })
        .start()
        .run()
      models.forEach((each, node) => close(each, models[0], 0, `${topology}, loss ${lossy.loss}, node ${node}`))
    }
  }
})

strategy('brings what was learned to the mean of all nodes, whatever the compressor holds back for a while', () => {
  const walked = new Float64Array(LENGTH)
  const walk = wander(20)
  const swarm = swarmOf('ring', 6, {
    rounds: 150,
    compress: 'top-k:0.1',
    train(work, node) {
      const before = work.slice()
      walk(work, node)
      work.forEach((value, k) => (walked[k] += (value - before[k]) / 6))
      return 1
    }
  })
  swarm.start().run()
  close(
    Float64Array.from(swarm.models[0]),
    walked.map(value => 1 + value),
    1e-5
  )
})

strategy('tells most in the first rounds, and in large swarms no more than all nodes of smaller ones together', () => {
  const length = 200_000
  const compressor = compressorOf('adaptive-top-k', length)
  const valuesIn = (round: number, swarmSize: number): number => {
    const node = new MachineBench(createAveraging('anti-entropy', length), length, { compressor, round: round - 1 })
    const neighbours = [{ peer: 'a', weight: 0.5 }]
    node.machine.handle({ type: 'members', neighbours, swarmSize, nowMs: 0 })
    node.start()
    node.work.forEach((_, i) => (node.work[i] = Math.sin(i)))
    const { increments } = decodeIncrements(only(node.trained(), 'send').update.payload)
    return compressor.decodeKept!(increments[0].payload).indices.length
  }
  const inRounds = [1, 2, 4, 8, 100].map(round => Math.round(valuesIn(round, 8) / 100))
  assert.equal(inRounds, [160, 80, 40, 20, 20], 'hundreds of values')
  const inSwarms = [2, 28, 56, 280].map(nodes => Math.round(valuesIn(100, nodes) / 100))
  assert.equal(inSwarms, [20, 20, 10, 2], 'hundreds of values')
})

strategy('sends each increment to each node once', () => {
  for (const topology of ['complete', 'exponential', 'ring']) {
    const swarm = swarmOf(topology, 8, { rounds: 40, train: wander(40) })
    swarm.start().run()
    const sent = swarm.nodes.flatMap(({ log }) => ofType(log, 'send'))
    const increments = sent.reduce((sum, { update }) => sum + decodeIncrements(update.payload).increments.length, 0)
    // Those that are still under way at the end are missing.
    assert.ok(increments > 0.85 * 8 * 7 * 40 && increments <= 8 * 7 * 40, `${topology}: ${increments}`)
  }
})

function bench(...peers: string[]): MachineBench {
  const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH)
  node.members(peers)
  node.start()
  return node
}

/** Have local steps end and hand in what a peer sends then. */
function exchange(node: MachineBench, from: string, payloadOf: (sent: Update) => Uint8Array): readonly Action[] {
  const { round } = node.machine
  node.work.set(node.parameters)
  const sent = ofType(node.trained(), 'send').find(({ to }) => to === from)!.update
  return node.update(from, { kind: 'model', round, payload: payloadOf(sent) })
}

strategy('publishes after a restart what it owed before', () => {
  const compressor = compressorOf('top-k:0.05', LENGTH)
  const start = (options: MachineOptions): MachineBench => {
    const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH, { compressor, ...options })
    node.members(['a'])
    node.start()
    return node
  }
  const publishes = (node: MachineBench): Float32Array => {
    const { payload } = only(node.trained(), 'send').update
    const [increment] = decodeIncrements(payload).increments
    const values = new Float32Array(LENGTH)
    compressor.decode(increment.payload, values)
    return values
  }
  const node = start({})
  node.work.set([1, 3, 2].map(change => 1 + change))
  node.trained()
  const { strategyState } = node.machine
  const owed = publishes(start({ strategyState, round: 1 }))
  close(
    owed,
    Float32Array.from({ length: LENGTH }, (_, k) => (k === 2 ? 2 : 0)),
    1e-6
  )
})

strategy('asks again for what got lost, and adds it once', () => {
  const node = bench('a')
  const steps = [model(2), model(4), model(8)]
  const withoutFirst = (message: IncrementsMessage): IncrementsMessage => ({
    ...message,
    increments: message.increments.slice(1)
  })
  exchange(node, 'a', sent => encodeIncrements(withoutFirst(decodeIncrements(incrementsFrom(sent, steps.slice(0, 2))))))
  close(node.parameters, model(1), 0, 'the second without the first is of no use')
  exchange(node, 'a', sent => {
    const own = decodeIncrements(sent.payload).vector.find(({ origin }) => origin === peerOrigin)
    assert.equal(own, { origin: peerOrigin, version: 0, wanted: true })
    return incrementsFrom(sent, steps)
  })
  close(node.parameters, model(1 + 14 / 2), 0)
  exchange(node, 'a', sent => incrementsFrom(sent, steps))
  close(node.parameters, model(8), 0, 'what came twice')
})

strategy('sends what a neighbour did not get again, and what it got not', () => {
  const node = bench('a')
  const told = (sent: Update, version: number, acknowledged: number): Uint8Array => {
    const { vector } = decodeIncrements(sent.payload)
    return incrementsFrom(sent, [], {
      acknowledged,
      vector: [
        { origin: peerOrigin, version: 0, wanted: false },
        { origin: vector[0].origin, version, wanted: true }
      ]
    })
  }
  const versions: number[][] = []
  const round = (version: number, acknowledged: number): void => {
    exchange(node, 'a', sent => {
      versions.push(decodeIncrements(sent.payload).increments.map(increment => increment.version))
      return told(sent, version, acknowledged)
    })
  }
  round(1, 1)
  round(1, 1) // our second is on its way
  round(1, 2) // and got lost
  round(4, 4)
  round(5, 5)
  assert.equal(versions, [[1], [2], [3], [2, 3, 4], [5]])
})

strategy('refuses what is implausible or beyond the range of numbers, and hears the origin from others', () => {
  for (const [value, reason] of [
    [1e6, 'implausible'],
    [NaN, 'not-finite']
  ] as const) {
    const careless = { ...compressorOf('float32', LENGTH), decode: decodeUnchecked }
    const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH, { compressor: careless })
    node.members(['a', 'b'])
    node.start()
    let good: Uint8Array = new Uint8Array()
    const found = exchange(node, 'a', sent => {
      good = incrementsFrom(sent, [model(2)])
      return incrementsFrom(sent, [model(value)])
    })
    assert.equal(reasons(found), [reason])
    close(node.parameters, model(1), 0, reason)
    assert.equal(reasons(node.update('b', { kind: 'model', round: 1, payload: good })), [])
    close(node.parameters, model(2), 0, `after ${reason}`)
  }
})

strategy('takes no snapshot that it has not asked for', () => {
  const node = bench('a')
  const snapshot = { increments: [], snapshot: encodeCopy(model(9)), progress: 1000, lineage: 1 }
  assert.equal(reasons(exchange(node, 'a', sent => incrementsFrom(sent, [], snapshot))), ['unexpected'])
  close(node.parameters, model(1), 0)
})

strategy('brings a newcomer to the model of the swarm by a snapshot', () => {
  const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH, { round: 5 })
  node.members(['a'])
  node.start()
  const swarm = { lineage: 77, progress: 1000, vector: [{ origin: peerOrigin, version: 900, wanted: false }] }
  exchange(node, 'a', sent => incrementsFrom(sent, [], swarm))
  exchange(node, 'a', sent => {
    assert.ok(decodeIncrements(sent.payload).asks)
    return incrementsFrom(sent, [], { ...swarm, snapshot: encodeCopy(model(4)) })
  })
  close(node.parameters, model(4), 0)
  exchange(node, 'a', sent => {
    const { lineage, asks, vector } = decodeIncrements(sent.payload)
    assert.equal([lineage, asks, vector[1]], [77, false, { origin: peerOrigin, version: 900, wanted: true }])
    return incrementsFrom(sent, [], swarm)
  })
})

strategy('keeps what it learns while neighbours are away for them to hear later', () => {
  const node = bench('a')
  exchange(node, 'a', sent => incrementsFrom(sent, [model(2)]))
  close(node.parameters, model(2), 0)
  node.members([])
  for (const value of [4, 6]) {
    node.work.set(node.parameters.map(each => each + value))
    only(node.trained(), 'averaged')
  }
  close(node.parameters, model(2 + 4 / 2 + 6 / 2), 0, 'one of two')
  node.members(['a'])
  exchange(node, 'a', sent => {
    const [{ origin }] = decodeIncrements(sent.payload).vector
    const vector = [peerOrigin, origin].map((each, i) => ({ origin: each, version: 1, wanted: i === 1 }))
    return incrementsFrom(sent, [], { vector })
  })
  node.work.set(node.parameters)
  const { increments } = decodeIncrements(only(node.trained(), 'send').update.payload)
  assert.equal(
    increments.map(({ version, nodes }) => [version, nodes]),
    [2, 3, 4, 5].map(version => [version, 2])
  )
})

strategy('keeps the model that it trains alone when the others stay away', () => {
  const node = bench('a')
  exchange(node, 'a', sent => incrementsFrom(sent, [model(2)]))
  node.members([])
  for (let round = 0; round < 20; round++) {
    node.work.fill(round)
    only(node.trained(), 'averaged')
  }
  close(node.parameters, model(19), 0)
})

strategy('catches up after a sleep, from what neighbours kept', () => {
  const swarm = swarmOf('exponential', 8, { rounds: 80, train: wander(15), deadline: { minMs: 50, maxMs: 200 } })
  swarm.start().run(100)
  swarm.sleep(3)
  swarm.run(500)
  swarm.wake(3)
  const { models } = swarm.run()
  models.forEach((each, node) => close(each, models[0], 1e-6, `node ${node}`))
})

strategy('gives neighbours what they lack when its last round is over, and nothing when they lack nothing', () => {
  const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH, { rounds: 1 })
  node.members(['a'])
  node.start()
  let answered: readonly Update[] = []
  const actions = exchange(node, 'a', sent => {
    answered = [1, 0].map(version => {
      const [{ origin }] = decodeIncrements(sent.payload).vector
      const vector = [peerOrigin, origin].map((each, i) => ({ origin: each, version: i * version, wanted: i === 1 }))
      const payload = incrementsFrom(sent, [], { vector, acknowledged: 0 })
      return { kind: 'model', round: 3 - version, payload }
    })
    return incrementsFrom(sent, [])
  })
  only(actions, 'finished')
  assert.equal(node.update('a', answered[0]), [], 'it has all')
  const { update } = only(node.update('a', answered[1]), 'send')
  const { answers, increments } = decodeIncrements(update.payload)
  assert.equal([update.round, answers, increments.length], [1, true, 1])
})

strategy.run()

function decodeUnchecked(bytes: Uint8Array, output: Float32Array): void {
  output.set(new Float32Array(bytes.slice().buffer))
}
