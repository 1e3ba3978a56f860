import * as assert from 'uvu/assert'
import type { Averaging, RejectReason, Update, UpdateKind } from '../../learning/averaging/averaging.js'
import { allFinite } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import type { Action, Event } from '../../learning/events.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { createGraph } from '../../learning/topology/graph.js'
import type { Graph } from '../../learning/topology/topology.js'
import { close } from '../helpers/close.js'
import { compressorOf, MachineBench, ofType, only, reasons, type MachineOptions } from '../helpers/machine.js'
import { VirtualSwarm, type VirtualSwarmInit } from '../helpers/virtual-swarm.js'
import type { Check } from './check.js'

export const LENGTH = 20
const FUZZED_EVENTS = 4000
export const KINDS: readonly UpdateKind[] = ['model', 'offer', 'answer']
/** Why an honest peer may be refused. */
const BLAMELESS: readonly RejectReason[] = ['stale', 'surplus', 'not-a-neighbour', 'unknown-version']
const LARGEST_FLOAT32 = 3.4028234663852886e38

const graphs: readonly [string, Graph][] = [
  ['two nodes', createTopology('ring').graph(2, 1)],
  ['ring of 8', createTopology('ring').graph(8, 1)],
  ['complete of 6', createTopology('complete').graph(6, 1)],
  [
    'star of 6',
    createGraph(
      6,
      [1, 2, 3, 4, 5].map(leaf => [0, leaf] as const)
    )
  ]
]
const delays: readonly [string, Partial<VirtualSwarmInit>][] = [
  ['in step', {}],
  ['delayed', { trainMs: rng => 1 + rng.integer(20), delayMs: rng => rng.integer(30) }]
]

/**
 * What a neighbour sends back whose model is `model`, where that is not simply the model: the payload.
 *
 * @param sent - what it got from the node, whose model was all ones when it began
 */
export type PayloadOf = (sent: Update, model: Float32Array) => Uint8Array

export interface AveragingPromise {
  /** @default the model, encoded by the compressor */
  readonly payloadOf?: PayloadOf
  /** Whether the mean over nodes stays the same, from the first round on. @default true */
  readonly preservesMean?: boolean
}

/** What every averaging strategy whose rounds wait for their neighbours must do, driven through the round machine. */
export function averagingCompliance(
  create: (length: number) => Averaging,
  { payloadOf, preservesMean = true }: AveragingPromise = {}
): Check[] {
  return [
    ...commonAveragingChecks(create),
    ...(preservesMean ? [meanCheck(create)] : []),
    ...exchangeChecks(create, payloadOf)
  ]
}

/** What every averaging strategy must do, whether its rounds wait for anybody or not. */
export function commonAveragingChecks(create: (length: number) => Averaging): Check[] {
  const bench = (...peers: string[]): MachineBench => startedOf(create, peers)
  const swarm = (init: Partial<VirtualSwarmInit> & { readonly graph: Graph }): VirtualSwarm => swarmOf(create, init)
  return [
    {
      name: 'brings the nodes together',
      run() {
        onEachGraph((init, label) => {
          const averaged = swarm({ ...init, rounds: 60 })
          const before = averaged.distance
          averaged.start().run()
          const after = averaged.distance
          assert.ok(after < 0.05 * before, `${label}: consensus distance from ${before} to ${after}`)
        })
      }
    },
    {
      name: 'ends all rounds on a network that loses messages',
      run() {
        onEachGraph((init, label) => {
          const averaged = swarm({ ...init, loss: 0.2, deadline: { minMs: 50, maxMs: 200 } })
          const before = averaged.distance
          averaged.start().run()
          assert.equal(
            averaged.nodes.map(({ machine }) => machine.phase),
            averaged.nodes.map(() => 'finished'),
            label
          )
          assert.ok(averaged.distance < 0.5 * before, `${label}: from ${before} to ${averaged.distance}`)
        })
      }
    },
    {
      name: 'finds no fault with neighbours that go on while it rests',
      run() {
        onEachGraph((init, label) => {
          const deadline = { minMs: 50, maxMs: 200 }
          const resting = swarm({ ...init, rounds: 60, deadline, trainMs: (_, node) => (node === 0 ? 1e9 : 10) })
          resting.start().run(1e8)
          const { log } = resting.nodes[0]
          assert.equal(
            reasons(log).filter(reason => !BLAMELESS.includes(reason)),
            [],
            label
          )
          assert.is(Math.min(...resting.rounds.slice(1)), 60, label)
        })
      }
    },
    {
      name: 'takes up what it had saved, and ignores what it cannot have saved',
      run() {
        const compressor = compressorOf('quantize:2', LENGTH)
        const node = startedOf(create, ['a', 'b'], { compressor })
        const rounds = (trained: MachineBench): void => {
          for (let round = 0; round < 5; round++) {
            trained.work.forEach((value, k) => (trained.work[k] = value + Math.sin(k + round)))
            trained.trained()
            trained.nowMs += 1e6
            if (trained.machine.phase === 'averaging') trained.timeout()
          }
        }
        rounds(node)
        const { strategyState, round } = node.machine
        const restart = { compressor, round: round - 1 }
        const again = startedOf(create, ['a', 'b'], { ...restart, strategyState })
        assert.equal(again.machine.strategyState, strategyState)
        for (const bytes of [1, 4 * LENGTH, strategyState.length]) {
          const junk = startedOf(create, ['a'], { ...restart, strategyState: new Uint8Array(bytes).fill(255) })
          rounds(junk)
          assert.ok(allFinite(junk.parameters), `${bytes} bytes`)
        }
      }
    },
    {
      name: 'ends in the same bits for the same seed, and in others for another',
      run() {
        const run = (seed: number): readonly Float32Array[] => {
          const init = { graph: graphs[1][1], compress: 'quantize:4', loss: 0.1, seed, ...delays[1][1] }
          return swarm({ ...init, initial: node => new Float32Array(LENGTH).fill(node) })
            .start()
            .run().models
        }
        const [first, second, other] = [run(1), run(1), run(2)]
        first.forEach((model, i) => close(second[i], model, 0, `node ${i}`))
        assert.ok(
          first.some((model, i) => model.some((value, k) => value !== other[i][k])),
          'the seed has no effect'
        )
      }
    },
    {
      name: 'just trains while the node is alone',
      run() {
        const node = bench()
        for (let round = 1; round <= 3; round++) {
          node.work.fill(round + 0.5)
          const actions = node.trained(0.25)
          const { type, ...result } = only(actions, 'averaged')
          const expected = { round, loss: 0.25, missed: [], averagedWith: [], neighbourDistance: undefined }
          assert.equal([type, result], ['averaged', expected])
          assert.is(only(actions, 'train').round, round + 1)
          close(node.parameters, new Float32Array(LENGTH).fill(round + 0.5), 0, `round ${round}`)
        }
      }
    },
    {
      name: 'stays finite when a neighbour sends the largest numbers there are',
      run() {
        for (const kind of KINDS) {
          const node = bench('a', 'b')
          for (let i = 0; i < 40; i++) {
            if (node.machine.phase === 'training') node.trained()
            const value = i % 2 === 0 ? LARGEST_FLOAT32 : -LARGEST_FLOAT32
            for (const peer of ['a', 'b']) node.update(peer, node.message(kind, node.machine.round, value))
            answerAll(node, value)
            assert.ok(allFinite(node.parameters), `${kind} ${i}`)
          }
        }
      }
    },
    {
      name: 'throws local steps away that ended in a loss or in parameters that are not finite',
      run() {
        for (const [loss, weight] of [
          [NaN, 2],
          [Infinity, 2],
          [0, NaN],
          [0, -Infinity]
        ]) {
          const node = bench('a')
          node.work.fill(2, 0, LENGTH - 1)
          node.work[LENGTH - 1] = weight
          const actions = node.trained(loss)
          assert.equal(actions[0], { type: 'diverged', round: 1, loss })
          close(node.parameters, new Float32Array(LENGTH).fill(1), 0, `loss ${loss}, weight ${weight}`)
          assert.is(ofType(actions, 'send').length, 1, 'and still averages')
        }
      }
    },
    {
      name: 'survives any order of events, with a way forward after each',
      run() {
        for (const seed of ['one', 'two', 'three']) fuzz(create, createRng(seed), seed)
      }
    }
  ]
}

function meanCheck(create: (length: number) => Averaging): Check {
  return {
    name: 'preserves the mean over nodes, whatever the compressor loses',
    run() {
      onEachGraph((init, label) => {
        for (const compress of ['float32', 'quantize:8', 'quantize:4']) {
          const averaged = swarmOf(create, { ...init, compress })
          const before = averaged.mean
          averaged.start().run()
          close(averaged.mean, before, 5e-6, `${label}, ${compress}`)
        }
      })
    }
  }
}

function exchangeChecks(create: (length: number) => Averaging, payloadOf?: PayloadOf): Check[] {
  const bench = (...peers: string[]): MachineBench => startedOf(create, peers)
  return [
    {
      name: 'gives a neighbour that never answers one deadline, and keeps its weight at home',
      run() {
        const node = bench('a')
        node.nowMs = 100
        const { untilMs } = only(node.trained(), 'wait')
        assert.ok(untilMs > 100, `the deadline is ${untilMs}`)
        assert.equal(node.machine.awaited, ['a'])
        node.nowMs = untilMs
        const actions = node.timeout()
        assert.equal(only(actions, 'averaged').missed, ['a'])
        assert.is(only(actions, 'train').round, 2)
        close(node.parameters, new Float32Array(LENGTH).fill(1), 0)
      }
    },
    {
      name: 'moves towards a neighbour that answers in time',
      run() {
        const node = bench('a')
        const actions = node.update('a', reply(node, node.trained(), 3, payloadOf))
        const { averagedWith, missed, neighbourDistance } = only(actions, 'averaged')
        assert.equal([averagedWith, missed], [['a'], []])
        assert.is(neighbourDistance, 2 * Math.sqrt(LENGTH))
        close(node.parameters, new Float32Array(LENGTH).fill(2), 0)
      }
    },
    {
      name: 'refuses a payload that is malformed and ends the round as if it had not come',
      run() {
        for (const bytes of [0, 1, 4 * LENGTH - 1, 4 * LENGTH + 1]) {
          const node = bench('a')
          const update = { ...reply(node, node.trained(), 3, payloadOf), payload: new Uint8Array(bytes) }
          refusedAtTheEnd(node, update, 'malformed')
        }
      }
    },
    {
      name: 'refuses a model that is not finite, from whatever compressor',
      run() {
        const careless = { ...compressorOf('float32', LENGTH), decode: decodeUnchecked }
        for (const value of [NaN, Infinity, -Infinity]) {
          const node = startedOf(create, ['a'], { compressor: careless })
          refusedAtTheEnd(node, reply(node, node.trained(), value, payloadOf), 'not-finite')
        }
      }
    },
    {
      name: 'refuses the kinds of update that its messages do not call for',
      run() {
        const node = bench('a')
        const expected = reply(node, node.trained(), 3, payloadOf)
        const kinds = KINDS.filter(kind => kind !== expected.kind && !(expected.kind === 'answer' && kind === 'offer'))
        assert.ok(kinds.length > 0)
        for (const kind of kinds) unchanged(node, () => node.update('a', { ...expected, kind }), 'unexpected')
        assert.equal(node.machine.awaited, ['a'])
      }
    },
    {
      name: 'refuses what is stale, too far ahead, from a stranger, or there already',
      run() {
        const node = bench('a', 'b')
        const first = reply(node, node.trained(), 3, payloadOf)
        answerAll(node, 3)
        const second = { ...reply(node, node.trained(), 3, payloadOf), round: 2 }
        const [to] = node.machine.awaited
        unchanged(node, () => node.update(to, { ...second, round: first.round }), 'stale')
        unchanged(node, () => node.update(to, { ...second, round: 2_000_000 }), 'too-far-ahead')
        unchanged(node, () => node.update('stranger', second), 'not-a-neighbour')
        node.update(to, second)
        unchanged(node, () => node.update(to, second), 'duplicate')
      }
    },
    {
      name: 'ends the averaging when the neighbours that it waits for leave',
      run() {
        const node = bench('a', 'b')
        node.trained()
        const actions = node.members([])
        assert.equal(only(actions, 'averaged').averagedWith, [])
        assert.is(only(actions, 'train').round, 2)
        close(node.parameters, new Float32Array(LENGTH).fill(1), 0)
      }
    },
    {
      name: 'goes on when neighbours join in the middle of an averaging',
      run() {
        const node = bench('a')
        node.trained()
        node.members(['a', 'b'])
        node.trained()
        node.nowMs = 1e6
        if (node.machine.phase === 'averaging') node.timeout()
        assert.is(node.machine.round, 2)
        assert.is(node.machine.phase, 'training')
      }
    },
    {
      name: 'draws anew in every round what its compressor needs',
      run() {
        const node = startedOf(create, ['a'], { compressor: compressorOf('quantize:4', LENGTH) })
        node.parameters.forEach((_, k) => {
          node.parameters[k] = Math.sin(k)
        })
        const sent = [1, 2].map(() => {
          node.work.set(node.parameters)
          const { update } = only(node.trained(), 'send')
          node.nowMs += 1e6
          node.timeout()
          return update.payload
        })
        assert.not.equal(sent[0], sent[1])
      }
    }
  ]
}

export function swarmOf(
  create: (length: number) => Averaging,
  init: Partial<VirtualSwarmInit> & { readonly graph: Graph }
): VirtualSwarm {
  return new VirtualSwarm({ length: LENGTH, create, rounds: 30, ...init })
}

/** A node in its first round. */
export function startedOf(
  create: (length: number) => Averaging,
  peers: readonly string[],
  options: MachineOptions = {}
): MachineBench {
  const node = new MachineBench(create(LENGTH), LENGTH, options)
  node.members(peers)
  node.start()
  return node
}

/** On graphs of several kinds, with nodes that keep in step and others that do not. */
export function onEachGraph(
  check: (init: Partial<VirtualSwarmInit> & { readonly graph: Graph }, label: string) => void
): void {
  for (const [size, graph] of graphs) {
    for (const [pace, init] of delays) check({ ...init, graph }, `${size}, ${pace}`)
  }
}

/** What the first neighbour that the node waits for would send back, its model being all `value`. */
function reply(node: MachineBench, actions: readonly Action[], value: number, payloadOf?: PayloadOf): Update {
  const sent = ofType(actions, 'send')[0].update
  const { kind, round, copy } = sent
  const model = new Float32Array(LENGTH).fill(value)
  const payload = payloadOf?.(sent, model) ?? compressorOf('float32', LENGTH).encode(model, createRng(1))
  assert.is(round, node.machine.round)
  const update: Update = { kind: kind === 'offer' ? 'answer' : kind, round, payload }
  // Where public copies are kept, a full one.
  return copy === undefined ? update : { ...update, copy: { version: 1, held: copy.version, parts: [] } }
}

/** Have every neighbour that the node waits for answer, all in the way that the strategy calls for. */
function answerAll(node: MachineBench, value: number): void {
  for (const peer of node.machine.awaited) {
    for (const kind of ['model', 'answer'] as const) node.update(peer, node.message(kind, node.machine.round, value))
  }
}

export function unchanged(node: MachineBench, run: () => readonly Action[], reason: string): void {
  const before = node.parameters.slice()
  assert.equal(reasons(run()), [reason])
  close(node.parameters, before, 0, reason)
}

function refusedAtTheEnd(node: MachineBench, update: Update, reason: string): void {
  const before = node.parameters.slice()
  const actions = node.update('a', update)
  assert.equal(ofType(actions, 'reject'), [{ type: 'reject', from: 'a', reason }])
  assert.equal(only(actions, 'averaged').averagedWith, [])
  close(node.parameters, before, 0, reason)
}

export function decodeUnchecked(bytes: Uint8Array, output: Float32Array): void {
  output.set(new Float32Array(bytes.slice().buffer))
}

/** Thousands of events in an order that no driver would hand in. */
function fuzz(create: (length: number) => Averaging, rng: Rng, seed: string): void {
  const rounds = seed === 'three' ? 40 : Infinity
  const node = new MachineBench(create(LENGTH), LENGTH, { rounds, minRoundMs: 20 })
  const { machine } = node
  let training = false
  let waiting = false
  for (let i = 0; i < FUZZED_EVENTS; i++) {
    node.nowMs += rng.integer(40)
    const event = randomEvent(node, rng)
    if (event.type === 'trained') training = false
    if (event.type === 'timeout') waiting = false
    for (const action of machine.handle(event)) {
      // As the driver does it.
      if (action.type === 'averaged') waiting = false
      if (action.type === 'wait') waiting = true
      if (action.type === 'train') training = true
    }
    const label = `seed ${seed}, event ${i}, ${event.type}: ${machine.phase}`
    const forward = { idle: true, training, averaging: waiting, resting: waiting, finished: true }
    assert.ok(forward[machine.phase], `${label} without a way forward`)
    assert.ok(allFinite(node.parameters), `${label} with parameters that are not finite`)
    if (rng.integer(50) === 0 && machine.phase === 'training') node.work[0] = NaN
  }
  assert.ok(machine.round > 20, `seed ${seed}: only ${machine.round} rounds`)
}

function randomEvent(node: MachineBench, rng: Rng): Event {
  const { nowMs } = node
  const peers = ['a', 'b', 'c', 'd']
  const some = (): string[] => peers.filter(() => rng.integer(2) === 0)
  const type = rng.integer(12)
  if (type === 0 && rng.integer(3) === 0) return { type: 'start', nowMs }
  if (type <= 1) {
    const neighbours = some().map(peer => ({ peer, weight: 0.2 }))
    return { type: 'members', neighbours, expected: some(), nowMs }
  }
  if (type <= 3) return { type: 'trained', loss: rng.integer(9) === 0 ? NaN : 1, nowMs }
  if (type === 4) {
    node.nowMs += rng.integer(2) * 40_000
    return { type: 'timeout', nowMs: node.nowMs }
  }
  const from = rng.integer(20) === 0 ? 'stranger' : peers[rng.integer(4)]
  return { type: 'update', from, update: randomUpdate(node, rng), nowMs }
}

function randomUpdate(node: MachineBench, rng: Rng): Update {
  const { round } = node.machine
  const kind = KINDS[rng.integer(3)]
  const near = Math.max(0, round + rng.integer(5) - 2)
  const rounds = [round, near, near, near, rng.uint32(), Number.MAX_SAFE_INTEGER]
  const update = node.message(kind, rounds[rng.integer(rounds.length)], rng.normal() * 10 ** rng.integer(38))
  if (rng.integer(4) > 0) return update
  const payload = Uint8Array.from({ length: rng.integer(2) * 4 * LENGTH || rng.integer(100) }, () => rng.integer(256))
  return { ...update, payload }
}
