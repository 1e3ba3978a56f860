import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { IncrementLog } from '../../learning/averaging/increment-log.js'
import { Participation } from '../../learning/averaging/participation.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { close } from '../helpers/close.js'
import { VirtualSwarm } from '../helpers/virtual-swarm.js'

const participation = suite('Participation')

const pair = (a: number, b: number): Float32Array => Float32Array.of(a, b)

participation('leaves steps as they are while nobody is away', () => {
  const steps = new Participation(2)
  const residual = pair(1, 1)
  for (let i = 0; i < 50; i++) {
    steps.addStep(pair(0, 0), pair(0.5, -0.25), residual, false)
    steps.published({ values: pair(3, 3) }, 4)
  }
  close(residual, pair(26, -11.5), 0)
})

participation('replaces most of the usual step by that of all once somebody is away', () => {
  const steps = new Participation(2)
  const residual = pair(0, 0)
  for (let i = 0; i < 500; i++) {
    steps.addStep(pair(1, 1), pair(2, 0), residual, false)
    for (let node = 0; node < 4; node++) steps.published({ values: Float32Array.of(3), indices: Uint32Array.of(1) }, 4)
  }
  residual.fill(0)
  steps.addStep(pair(1, 1), pair(2, 0), residual, true)
  close(residual, pair(1 - 0.9, -1 + 0.9 * 4), 1e-5)
})

participation('neither corrects nor forgets in rounds of sharing alone', () => {
  const steps = new Participation(2)
  const residual = pair(0, 0)
  for (let i = 0; i < 20; i++) steps.published({ values: pair(1, 1) }, 1)
  steps.addStep(pair(1, 1), pair(1, 1), residual, true)
  close(residual, pair(0, 0), 0)
})

participation('stays as it is through rounds without end', () => {
  const steps = new Participation(1)
  const residual = new Float32Array(1)
  for (let i = 0; i < 20_000; i++) steps.published({ values: Float32Array.of(2) }, 1)
  steps.addStep(Float32Array.of(0), Float32Array.of(1), residual, true)
  close(residual, Float32Array.of(1 + 0.9 * 2), 1e-4)
})

const NODES = 8

/** Nodes that each pull the model towards a place of their own; the mean of these is 0. */
function pulled(): VirtualSwarm {
  return new VirtualSwarm({
    graph: createTopology('complete').graph(NODES, 1),
    length: 1,
    create: length => createAveraging('anti-entropy', length),
    initial: () => [0],
    train(work, node) {
      const place = node < NODES / 2 ? 1 : -1
      work[0] += 0.3 * (place - work[0])
      return 1
    },
    delayMs: () => 1,
    deadline: { minMs: 20, maxMs: 50 }
  }).start()
}

/** Let the two halves be away in turns, and tell how far the model of who is here goes from 0. */
function farthest(swarm: VirtualSwarm, turns: number): number {
  let most = 0
  for (let turn = 0; turn < turns; turn++) {
    const away = turn % 2 === 0 ? 0 : NODES / 2
    const here = NODES / 2 - away
    for (let i = 0; i < NODES / 2; i++) swarm.sleep(away + i)
    swarm.run(swarm.nowMs + 150)
    most = Math.max(most, Math.abs(swarm.models[here][0]))
    for (let i = 0; i < NODES / 2; i++) swarm.wake(away + i)
  }
  return most
}

participation('keeps the data of who is away in the model', () => {
  const swarm = pulled()
  swarm.run(1500)
  const most = farthest(swarm, 6)
  assert.ok(most < 0.35, `${most}`)
})

participation('lets go of who never comes back', () => {
  const swarm = pulled()
  swarm.run(1500)
  for (let i = 0; i < NODES / 2; i++) swarm.sleep(i)
  swarm.run(12_000)
  const [model] = swarm.models[NODES - 1]
  assert.ok(model < -0.9, `${model}`)
})

participation.run()

const log = suite('IncrementLog')

log('knows when somebody has not been heard of lately', () => {
  const increments = new IncrementLog(1000)
  const add = (origin: number, version: number, round: number): void =>
    increments.add({ origin, version, round, nodes: 2, payload: new Uint8Array(3) }, round)
  increments.expect(9)
  add(1, 1, 3)
  add(2, 1, 5)
  assert.not(increments.lacksWord(3))
  assert.ok(increments.lacksWord(4))
  add(1, 2, 6)
  assert.not(increments.lacksWord(5))
  assert.ok(increments.lacksWord(6))
})

log.run()
