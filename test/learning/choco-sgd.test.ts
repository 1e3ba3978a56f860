import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import type { CopyHeader, Update } from '../../learning/averaging/averaging.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { createRng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { metropolisHastings } from '../../learning/topology/mixing-matrix.js'
import { close } from '../helpers/close.js'
import { compressorOf, MachineBench, ofType, only, reasons } from '../helpers/machine.js'
import { throwsExactly } from '../helpers/throws.js'
import { VirtualSwarm, type VirtualSwarmInit } from '../helpers/virtual-swarm.js'

const choco = suite('choco-sgd')
const LENGTH = 100
const create = (length: number) => createAveraging('choco-sgd', length)
/** All nodes begin with the same model, and are then brought apart by their first local steps. */
const initial = () => new Float32Array(LENGTH).fill(1)

function swarm(init: Partial<VirtualSwarmInit> = {}, size = 8): VirtualSwarm {
  const graph = createTopology('ring').graph(size, 1)
  return new VirtualSwarm({ graph, length: LENGTH, create, initial, train: scatterOnce(size), ...init })
}

function start(node: number): Float32Array {
  const rng = createRng(node).fork('start')
  return Float32Array.from({ length: LENGTH }, () => rng.normal())
}

/** Local steps that put each node somewhere else in its first round, and do nothing after it. */
function scatterOnce(size: number): (work: Float32Array, node: number) => number {
  const done = new Array<boolean>(size).fill(false)
  return (work, node) => {
    if (!done[node]) work.set(start(node))
    done[node] = true
    return 0
  }
}

choco('follows the published algorithm', () => {
  for (const compress of ['top-k:0.1', 'sign', 'float32']) {
    const size = 6
    const compressor = compressorOf(compress, LENGTH)
    const { stepSize = 1 } = compressor
    const matrix = metropolisHastings(createTopology('ring').graph(size, 1))
    const models = Array.from({ length: size }, (_, i) => start(i))
    const copies = models.map(initial)
    for (let round = 0; round < 10; round++) {
      models.forEach((model, i) => {
        const q = new Float32Array(LENGTH)
        const difference = model.map((value, k) => value - copies[i][k])
        compressor.decode(compressor.encode(difference, createRng(1)), q)
        copies[i] = copies[i].map((value, k) => value + q[k])
      })
      models.forEach((model, i) => {
        for (const { neighbour, weight } of matrix[i]) {
          for (let k = 0; k < LENGTH; k++) model[k] += stepSize * weight * (copies[neighbour][k] - copies[i][k])
        }
      })
    }
    const learned = swarm({ compress, rounds: 10 }, size).start().run()
    learned.models.forEach((model, i) => close(model, models[i], 1e-4, `${compress}, node ${i}`))
  }
})

choco('brings the nodes together at a geometric rate, and keeps the mean, with compressors that lose much', () => {
  for (const [compress, rounds] of [
    ['top-k:0.1', 150],
    ['sign', 300],
    ['top-k:0.1+quantize:4', 150],
    ['random-k:0.2', 600]
  ] as const) {
    const averaged = swarm({ compress, rounds }).start()
    averaged.run(11)
    const { mean, distance } = averaged
    averaged.run()
    close(averaged.mean, mean, 1e-5, compress)
    assert.ok(averaged.distance < 0.01 * distance, `${compress}: from ${distance} to ${averaged.distance}`)
  }
})

choco('converges near the mean of the optima of quadratics', () => {
  const stepSize = 0.02
  const train = (work: Float32Array, node: number): number => {
    const optimum = start(node)
    work.forEach((value, k) => {
      work[k] -= stepSize * (value - optimum[k])
    })
    return 0
  }
  const target = new Float32Array(LENGTH)
  for (let node = 0; node < 8; node++) for (let k = 0; k < LENGTH; k++) target[k] += start(node)[k] / 8
  for (const compress of ['top-k:0.1', 'sign']) {
    const learned = swarm({ compress, rounds: 500, train }).start().run()
    close(learned.mean, target, 1e-3, compress)
    assert.ok(learned.distance < 0.25 * swarmSpread(), `${compress}: the nodes are ${learned.distance} apart`)
  }
})

/** How far apart the optima of the nodes are. */
function swarmSpread(): number {
  return swarm({ initial: node => start(node) }).distance
}

choco('comes together while one message in ten is lost, by sending what was missed', () => {
  for (const compress of ['top-k:0.05', 'sign']) {
    const averaged = swarm({ compress, rounds: 400, loss: 0.1, deadline: { minMs: 50, maxMs: 200 } })
      .start()
      .run()
    const logs = averaged.nodes.flatMap(({ log }) => log)
    const sent = ofType(logs, 'send').map(({ update }) => update)
    const repairs = sent.filter(({ copy }) => copy!.parts.length > 1)
    const full = sent.filter(({ copy }) => copy!.parts.length === 0)
    assert.ok(repairs.length > 100, `${compress}: ${repairs.length} repairs`)
    assert.is(full.length, 0, `${compress}: full copies`)
    const { maxBytes } = compressorOf(compress, LENGTH)
    const bytes = sent.reduce((sum, { payload }) => sum + payload.length, 0)
    assert.ok(bytes < 1.5 * sent.length * maxBytes, `${compress}: ${bytes} bytes in ${sent.length} messages`)
    assert.ok(averaged.distance < 0.01 * swarmSpread(), `${compress}: the nodes are ${averaged.distance} apart`)
  }
})

choco('meets nodes that begin with another model after one full copy from each side', () => {
  const averaged = swarm({ initial: node => start(node), train: undefined, compress: 'top-k:0.1', rounds: 60 })
    .start()
    .run()
  for (const { log } of averaged.nodes) {
    const full = ofType(log, 'send').filter(({ update }) => update.copy!.parts.length === 0)
    assert.equal(
      full.map(({ update }) => update.round),
      [2, 2]
    )
  }
  assert.ok(averaged.distance < 0.05 * swarmSpread(), `${averaged.distance} apart`)
})

choco('takes a node that slept for long back', () => {
  const averaged = swarm({ compress: 'top-k:0.1', rounds: 300 }).start().run(35)
  averaged.sleep(2)
  averaged.run(700)
  averaged.wake(2)
  averaged.run()
  assert.ok(averaged.distance < 0.01 * swarmSpread(), `${averaged.distance} apart`)
})

/** A node on neighbour a, all models 1 to begin with, its first local steps done: `values` at the front. */
function bench(compress = 'float32', spec = 'choco-sgd', values = [3]): MachineBench {
  const node = new MachineBench(createAveraging(spec, LENGTH), LENGTH, { compressor: compressorOf(compress, LENGTH) })
  node.members(['a'])
  node.start()
  node.work.set(values)
  return node
}

function difference(node: MachineBench, value: number): Uint8Array {
  return node.compressor.encode(new Float32Array(LENGTH).fill(value), createRng(1))
}

/** Neighbour a says that it has version `held`, and sends nothing of use. @returns our next update */
function answered(node: MachineBench, held: number): Update {
  const copy: CopyHeader = { version: 77, held, parts: [] }
  node.update('a', { kind: 'model', round: node.machine.round, payload: encoded(1), copy })
  return only(node.trained(), 'send').update
}

/** A full copy. */
function encoded(value: number): Uint8Array {
  return compressorOf('float32', LENGTH).encode(new Float32Array(LENGTH).fill(value), createRng(1))
}

function missed(node: MachineBench): Update {
  node.nowMs += 1e6
  node.timeout()
  return only(node.trained(), 'send').update
}

choco('sends the difference to the model that it began with', () => {
  const node = bench()
  const { payload, copy } = only(node.trained(), 'send').update
  const sent = new Float32Array(LENGTH)
  node.compressor.decode(payload, sent)
  close(sent, new Float32Array(LENGTH).fill(0).fill(2, 0, 1), 0)
  assert.equal(copy!.parts, [4 * LENGTH])
  assert.is(copy!.version, copy!.held, 'the neighbour began with the same one')
})

choco('moves by gamma times the weight, gamma being as the spec says, or as the compressor advises', () => {
  for (const [compress, spec, gamma] of [
    ['float32', 'choco-sgd', 1],
    ['float32', 'choco-sgd:0.25', 0.25],
    ['sign', 'choco-sgd', 0.5]
  ] as const) {
    const node = bench(compress, spec, [])
    node.work.fill(1)
    const { round, copy } = only(node.trained(), 'send').update
    node.update('a', {
      kind: 'model',
      round,
      payload: difference(node, 4),
      copy: { ...copy!, parts: [difference(node, 4).length] }
    })
    close(node.parameters, new Float32Array(LENGTH).fill(1 + gamma * 2), 1e-6, `${spec}, ${compress}`)
  }
})

choco('sends what a neighbour missed, once, and then goes on as before', () => {
  const node = bench('top-k:0.01')
  const first = only(node.trained(), 'send').update
  const { version: begun } = first.copy!
  const second = answered(node, begun)
  assert.is(second.copy!.parts.length, 1)
  // The neighbour has not got the first: the second, which builds upon it, was of no use.
  const third = answered(node, begun)
  assert.equal([third.copy!.version, third.copy!.parts.length], [begun, 3])
  assert.equal([...third.payload.subarray(0, first.payload.length)], [...first.payload])
  // It said so again before the third was there.
  assert.is(answered(node, begun).copy!.parts.length, 1)
})

choco('takes a silent neighbour to have got everything, until it says otherwise', () => {
  const node = bench('top-k:0.01')
  const { version: begun } = only(node.trained(), 'send').update.copy!
  assert.is(missed(node).copy!.parts.length, 1)
  assert.is(missed(node).copy!.parts.length, 1)
  assert.is(answered(node, begun).copy!.parts.length, 1, 'nobody waits for its answer before sending')
  assert.is(only(node.trained(), 'send').update.copy!.parts.length, 5)
})

choco('sends a full copy to who has a version that is unknown, or forgotten', () => {
  const unknown = bench('top-k:0.01')
  unknown.trained()
  const full = answered(unknown, 12345)
  assert.equal([full.copy!.parts, full.payload.length], [[], 4 * LENGTH])
  assert.is(answered(unknown, 12345).copy!.parts.length, 1, 'once')
  const forgotten = bench('top-k:0.5')
  const { version: begun } = only(forgotten.trained(), 'send').update.copy!
  missed(forgotten)
  assert.is(answered(forgotten, begun).copy!.parts.length, 1)
  assert.equal(only(forgotten.trained(), 'send').update.copy!.parts, [], 'when the differences are longer')
})

choco('never sends more than it says', () => {
  for (const compress of ['top-k:0.02', 'float32', 'random-k:1', 'sign']) {
    const averaged = swarm({ compress, rounds: 100, loss: 0.5, deadline: { minMs: 20, maxMs: 20 } })
      .start()
      .run()
    const most = create(LENGTH).maxUpdateBytes!(compressorOf(compress, LENGTH))
    const sent = averaged.nodes.flatMap(({ log }) => ofType(log, 'send').map(({ update }) => update))
    const longest = Math.max(...sent.map(({ payload }) => payload.length))
    assert.ok(longest <= most && most <= 4 * LENGTH + 4, `${compress}: ${longest} bytes of ${most}`)
    assert.ok(
      sent.every(({ copy }) => copy!.parts.length <= 64),
      compress
    )
  }
})

choco('applies only those of several differences that it lacks', () => {
  const node = bench('float32', 'choco-sgd', [])
  node.work.fill(1)
  const { copy } = only(node.trained(), 'send').update
  const [one, two] = [difference(node, 1), difference(node, 2)]
  const message = (round: number, ...parts: Uint8Array[]): Update => ({
    kind: 'model',
    round,
    payload: Uint8Array.from(parts.flatMap(part => [...part])),
    copy: { ...copy!, parts: parts.map(({ length }) => length) }
  })
  node.update('a', message(1, one))
  close(node.parameters, new Float32Array(LENGTH).fill(1.5), 0, 'their copy is 2, ours 1')
  node.work.fill(1)
  node.trained()
  node.update('a', message(2, one, two))
  close(node.parameters, new Float32Array(LENGTH).fill(2.5), 0, 'theirs is 4, ours 1')
})

choco('refuses headers that do not fit, and stays as it was', () => {
  const parts = 4 * LENGTH
  const cases: [copy: CopyHeader | undefined, reason: string][] = [
    [undefined, 'malformed'],
    [{ version: 0, held: 0, parts: [parts - 1] }, 'malformed'],
    [{ version: 0, held: 0, parts: [parts, -parts, parts] }, 'malformed'],
    [{ version: 0, held: 0, parts: [parts, ...new Array<number>(64).fill(0)] }, 'malformed'],
    [{ version: 12345, held: 0, parts: [parts] }, 'unknown-version']
  ]
  for (const [copy, reason] of cases) {
    const node = bench()
    node.trained()
    const before = node.parameters.slice()
    const update: Update = { kind: 'model', round: 1, payload: difference(node, 5) }
    const actions = node.update('a', copy === undefined ? update : { ...update, copy })
    assert.equal(reasons(actions), [reason], JSON.stringify(copy))
    close(node.parameters, before, 0)
  }
})

choco('begins anew when its copy would leave float32', () => {
  const node = bench('sign', 'choco-sgd', [])
  node.work.fill(3e38)
  node.trained()
  const next = missed(node)
  assert.is(next.copy!.parts.length, 1)
  node.nowMs += 1e6
  node.timeout()
  node.work.fill(-3e38).fill(3.3e38, 0, 60)
  const { copy, payload } = only(node.trained(), 'send').update
  const copied = new Float32Array(LENGTH)
  assert.equal(copy!.parts, [])
  compressorOf('float32', LENGTH).decode(payload, copied)
  close(copied, node.parameters, 0)
})

choco('refuses a step size outside (0, 1]', () => {
  for (const argument of ['0', '1.5', '-1', 'x', '']) {
    const message = `choco-sgd:${argument}: expected the consensus step size, above 0 and at most 1, as in choco-sgd:0.2`
    throwsExactly(() => createAveraging(`choco-sgd:${argument}`, 1), InvalidParametersError, message)
  }
  const message = 'd-psgd:1: d-psgd takes no argument. Write d-psgd alone.'
  throwsExactly(() => createAveraging('d-psgd:1', 1), InvalidParametersError, message)
})

choco.run()
