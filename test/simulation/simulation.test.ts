import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRoundMemory } from '../../learning/round-memory/create-round-memory.js'
import type { RoundMemory } from '../../learning/round-memory/round-memory.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { metropolisHastings } from '../../learning/topology/mixing-matrix.js'
import { encodeUpdate } from '../../protocols/update-codec.js'
import {
  AnalyticWorkforce,
  checkDisturbances,
  disturb,
  energyProfiles,
  energySpent,
  joules,
  parseDisturbance,
  parseProblem,
  Simulation,
  trainingOperations,
  type VirtualRound
} from '../../simulation/index.js'
import { close } from '../helpers/close.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { analytic, initOf, learn } from './helpers.js'

const simulation = suite('Simulation')
const folder = temporaryFolder()

for (const topology of ['ring', 'torus', 'exponential', 'complete']) {
  simulation(`averages on a ${topology} as its mixing matrix does`, async () => {
    const rounds = 7
    const swarm = analytic(12, 5, { topology, rounds })
    let expected = swarm.models.map(model => Float64Array.from(model))
    const matrix = metropolisHastings(createTopology(topology).graph(12, 1))
    for (let round = 0; round < rounds; round++) {
      expected = expected.map((own, i) =>
        own.map((x, k) =>
          matrix[i].reduce((sum, { neighbour, weight }) => sum + weight * (expected[neighbour][k] - x), x)
        )
      )
    }
    await swarm.run()
    for (const [i, model] of swarm.models.entries()) close(model, expected[i], 1e-5, `node ${i}`)
  })
}

for (const averaging of ['d-psgd', 'swarm-sgd']) {
  simulation(`${averaging} preserves the mean over links of all kinds`, async () => {
    const conditions = { latency: 'log-normal:20,1', bandwidth: 'uniform:0.01,1', stepTime: 'uniform:1,20' }
    // Nodes that have finished still answer: what is on its way when the last one finishes is let arrive.
    const swarm = analytic(10, 8, { averaging, conditions, compress: 'quantize:4', rounds: 20, topology: 'complete' })
    const before = mean(swarm.models)
    await swarm.run()
    while (swarm.clock.step() !== false);
    close(mean(swarm.models), before, 1e-5)
  })
}

for (const averaging of ['d-psgd', 'swarm-sgd', 'anti-entropy', 'push-sum']) {
  simulation(`${averaging}: gives the same node by node as by time, whatever happens to nodes and links`, async () => {
    const problem = parseProblem('quadratic:6,0.1', { nodes: 12, learningRate: 0.1, seed: 1 })
    const run = async (least: number): Promise<unknown> => {
      const rounds: string[] = []
      const init = initOf(12, 6, {
        ...{ averaging, topology: 'random-regular:4', rounds: 15, evaluateEvery: 4 },
        conditions: { latency: 'uniform:5,50', loss: '0.05', bandwidth: 'uniform:0.01,1', stepTime: 'uniform:2,20' },
        onRound: (node, round) => rounds.push(JSON.stringify([node, round]))
      })
      const latencyMs = { ...init.conditions.latencyMs, least }
      const workforce = new AnalyticWorkforce(problem, 6)
      const swarm = new Simulation(workforce, { ...init, conditions: { ...init.conditions, latencyMs } })
      disturb(swarm, parseDisturbance('on-off:0.3,0.1'), 1)
      disturb(swarm, parseDisturbance('leave:0.2,0.4'), 1)
      await swarm.run()
      assert.ok(rounds.length > 100, `${rounds.length} rounds`)
      return { models: swarm.models, rounds: rounds.sort() }
    }
    assert.equal(await run(5), await run(0))
  })
}

simulation('gives the same on one thread with another one as alone', async () => {
  const create = (length: number) =>
    ['d-psgd', 'swarm-sgd', 'choco-sgd'].map(averaging =>
      analytic(10, length, { averaging, compress: 'quantize:8', rounds: 40, seed: length })
    )
  const alone = [...create(8), ...create(9)]
  for (const swarm of alone) await swarm.run()
  const together = [...create(8), ...create(9)]
  await Promise.all(together.map(swarm => swarm.run()))
  for (const [i, swarm] of together.entries()) assert.equal(swarm.models, alone[i].models, `simulation ${i}`)
})

simulation('lets time pass as counted by hand on two nodes', async () => {
  const rounds: VirtualRound[] = []
  const init = { rounds: 3, localSteps: 2, onRound: (node: number, round: VirtualRound) => rounds.push(round) }
  // 1 Mbit/s is 125 bytes a millisecond.
  await analytic(2, 1000, { ...init, conditions: { latency: '30', bandwidth: '1', stepTime: '5' } }).run()
  const payload = new Uint8Array(4000)
  const [header] = encodeUpdate({ kind: 'model', round: 1, payload })
  // A length of one byte before the header, of two before the payload. The checksum's own length may differ by a byte.
  const bytes = rounds[0].bytesSent
  assert.ok(Math.abs(bytes - (1 + header.byteLength + 2 + 4000)) <= 5, `${bytes} bytes`)
  for (const { result, seconds, bytesSent, bytesReceived, computeSeconds } of rounds) {
    const { round } = result
    assert.ok(Math.abs(seconds - (round * (10 + 30) + bytesSent / 125) / 1000) < 1e-4, `round ${round}: ${seconds} s`)
    assert.is(computeSeconds, (round * 10) / 1000, `round ${round}`)
    assert.ok(Math.abs(bytesReceived - bytesSent) <= 5 * round, `round ${round}: ${bytesReceived} bytes`)
  }
  assert.is(rounds.length, 6)
})

simulation('makes stragglers slower by their factor', async () => {
  const seconds: number[] = []
  const onRound = (node: number, round: VirtualRound): void => {
    seconds[node] = round.computeSeconds
  }
  await analytic(200, 1, { rounds: 1, conditions: { stragglers: '0.25:4', stepTime: '10' }, onRound }).run()
  const slow = seconds.filter(value => value === 0.04).length
  assert.is(seconds.filter(value => value === 0.01).length, 200 - slow)
  assert.ok(slow > 30 && slow < 70, `${slow} slow nodes`)
})

simulation('ends after the event under way when it is stopped', async () => {
  const swarm = analytic(4, 1, { rounds: Infinity, onRound: (_, { result }) => result.round === 3 && swarm.stop() })
  await swarm.run()
  assert.ok(swarm.nodes.every(({ round }) => round >= 3 && round <= 5))
})

simulation('a partition that heals ends in agreement, and nodes that left are not waited for', async () => {
  const rounds: number[] = []
  const onRound = (node: number, { result }: VirtualRound): void => {
    rounds[node] = result.round
  }
  const swarm = analytic(10, 6, { topology: 'complete', rounds: 60, onRound })
  const gap = (): number => Math.abs(swarm.models[0][0] - swarm.models[9][0])
  const gaps: number[] = []
  swarm.clock.after(10, () => swarm.partition(node => Number(node < 5)))
  swarm.clock.after(400, () => {
    gaps.push(gap())
    swarm.partition(() => 0)
  })
  swarm.clock.after(600, () => {
    gaps.push(gap())
    swarm.leave(3)
  })
  swarm.clock.after(610, () => swarm.wake(3))
  await swarm.run()
  assert.ok(gaps[0] > 1e-2 && gaps[1] < 1e-5, gaps.join())
  const [gone] = rounds.splice(3, 1)
  assert.ok(gone < 60, `node 3 ended round ${gone}`)
  assert.equal(rounds, new Array(9).fill(60))
})

simulation('a node that sleeps does nothing, and catches up when it wakes', async () => {
  const swarm = analytic(6, 3, { topology: 'complete', rounds: 100 })
  let asleep = 0
  swarm.clock.after(500, () => swarm.sleep(2))
  swarm.clock.after(1500, () => {
    asleep = swarm.nodes[2].round
    swarm.wake(2)
  })
  await swarm.run()
  assert.ok(asleep > 10 && asleep < 25, `asleep in round ${asleep}`)
  assert.ok(swarm.nodes.every(({ round }) => round === 100))
})

simulation('nodes go on and off for the shares of time that churn tells', async () => {
  const swarm = analytic(300, 1, { rounds: Infinity, conditions: { stepTime: '1000' } })
  disturb(swarm, parseDisturbance('on-off:2,8'), 1)
  let online = 0
  for (let second = 50; second < 100; second += 10) {
    swarm.clock.after(1000 * second, () => {
      online += swarm.nodes.filter(node => node.online).length / 300 / 5
    })
  }
  swarm.clock.after(100_000, () => swarm.stop())
  await swarm.run()
  assert.ok(Math.abs(online - 0.2) < 0.05, `${online} online`)
})

simulation('phones are online a fifth of the time, four times as many at night as at noon', async () => {
  const swarm = analytic(1000, 1, { rounds: Infinity, conditions: { stepTime: '10000' } })
  disturb(swarm, parseDisturbance('phones:960'), 1)
  const online: number[] = []
  // Every eighth of the third day.
  for (let eighth = 0; eighth < 8; eighth++) {
    swarm.clock.after(1000 * (1920 + 120 * eighth), () => {
      online.push(swarm.nodes.filter(node => node.online).length / 1000)
    })
  }
  swarm.clock.after(2_880_000, () => swarm.stop())
  await swarm.run()
  const share = online.reduce((sum, each) => sum + each / 8, 0)
  assert.ok(Math.abs(share - 0.2) < 0.02, online.join())
  assert.ok(online[0] > 0.26 && online[4] < 0.12, online.join())
})

simulation('nodes follow a trace of devices', async () => {
  const path = join(folder.path, 'devices.csv')
  writeFileSync(path, '# two devices\nphone,0,10\nphone,20,30\ntablet,5,15\n')
  const swarm = analytic(3, 1, { rounds: Infinity, conditions: { stepTime: '100' } })
  disturb(swarm, parseDisturbance(`trace:${path}`), 1)
  const seen: string[] = []
  for (const second of [1, 7, 12, 17, 25, 35]) {
    swarm.clock.after(1000 * second, () => {
      seen.push(swarm.nodes.map(({ online }) => Number(online)).join(''))
    })
  }
  swarm.clock.after(36_000, () => swarm.stop())
  await swarm.run()
  assert.equal(seen, ['101', '111', '010', '000', '101', '000'])
})

for (const [content, problem] of [
  ['phone,5', 'line 1: "phone,5"; expected device,from,to'],
  ['phone,0,10\nphone,5,20', 'line 2: "phone,5,20"; expected device,from,to'],
  ['# nothing', 'holds no times']
] as const) {
  simulation(`refuses a trace that says ${JSON.stringify(content)}`, () => {
    const path = join(folder.path, 'faulty.csv')
    writeFileSync(path, content)
    assert.throws(
      () => parseDisturbance(`trace:${path}`),
      (error: Error) => error.message.includes(problem)
    )
  })
}

for (const spec of ['phones:0', 'on-off:1', 'on-off:0,1', 'leave:1.5,3', 'partition:0.5,20,10', 'storm:1', 'leave']) {
  simulation(`refuses the churn ${spec}`, () => {
    assert.throws(
      () => parseDisturbance(spec),
      (error: Error) => error.message.startsWith(`churn ${spec}: expected `)
    )
  })
}

simulation('refuses disturbances that would undo each other', () => {
  const check = (...specs: string[]): void => checkDisturbances(specs.map(parseDisturbance))
  check('on-off:2,8', 'leave:0.1,5', 'leave:0.2,9', 'partition:0.5,30,40', 'partition:0.5,10,20')
  assert.throws(() => check('on-off:2,8', 'phones:60'), /churn on-off and phones: each says when every node is online/)
  assert.throws(
    () => check('partition:0.5,30,40', 'partition:0.3,10,35'),
    /churn partition: one begins at 30 s, and another one heals at 35 s/
  )
})

simulation('reckons energy by wakes, bytes and operations', () => {
  const effort = { bytesSent: 1e6, bytesReceived: 1e6, wakes: 2, operations: trainingOperations(1000, 10) }
  assert.is(effort.operations, 30_000)
  const wifi = energySpent(effort, energyProfiles.wifi)
  assert.ok(Math.abs(wifi.radio - 3.4) < 1e-9 && Math.abs(wifi.computing - 30_000 * 400e-12) < 1e-12)
  assert.is(wifi.wakes, 0)
  const lte = energySpent(effort, energyProfiles.lte)
  assert.is(lte.wakes, 24)
  assert.is(joules(lte), lte.computing + lte.radio + 24)
})

const wild = { latency: 'log-normal:20,1', loss: '0.05', stepTime: 'uniform:1,9', stragglers: '0.2:7' }
for (const averaging of ['d-psgd', 'swarm-sgd']) {
  for (const optimizer of ['momentum', 'adam'] as const) {
    simulation(`${averaging} with ${optimizer} ends with the same bits whatever the number of workers`, async () => {
      const options = { averaging, topology: 'random-regular:4', localSteps: 3, rounds: 6, evaluateEvery: 2 }
      const run = (workers: number, seed = 1) => learn(9, workers, optimizer, { ...options, seed, conditions: wild })
      const [first, ...others] = [await run(1), await run(2), await run(3)]
      assert.is(first.rounds.length, 9 * 6)
      for (const other of others) assert.equal(other, first)
      assert.not.equal((await run(1, 2)).models[0], first.models[0])
    })
  }
}

for (const spec of ['quasi-global', 'outer']) {
  simulation(`${spec} ends with the same bits whatever the number of workers`, async () => {
    const createMemory = (state: Float32Array): RoundMemory =>
      createRoundMemory(spec, { state, localSteps: 3, learningRate: 0.1, momentum: 0.9 })
    const options = { topology: 'random-regular:4', localSteps: 3, rounds: 6, conditions: wild }
    const run = (workers: number) => learn(9, workers, 'sgd', { ...options, createMemory })
    const [first, second] = [await run(1), await run(3)]
    assert.equal(second, first)
    assert.not.equal((await learn(9, 1, 'sgd', options)).models[0], first.models[0])
  })
}

function mean(models: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(models[0].length)
  for (const model of models) model.forEach((value, k) => (sum[k] += value / models.length))
  return sum
}

simulation.run()
