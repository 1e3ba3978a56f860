import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SwarmRound } from '../../scripts/swarm/scoreboard.js'
import { runSwarm, type SwarmSpec } from '../../testing/index.js'
import { fixture } from '../helpers/fixture.js'
import { within } from '../helpers/within.js'

const strategies = suite('strategies on digits')

/** Eight nodes, each with a few rows and not all the digits, over links that lose messages. Alone they reach 49 %, the worst 31 %. */
const swarm: SwarmSpec = {
  ...{ nodes: 8, dataset: fixture('digits.csv'), samples: 60, partition: 'dirichlet:0.5', model: 'softmax' },
  ...{ topology: 'complete', optimizer: 'sgd', learningRate: 0.2, localSteps: 4, rounds: 20, evalEvery: 20 },
  ...{ loss: 0.1, latency: 'log-normal:10,0.5' }
}

for (const averaging of ['epidemic', 'gossip-learning', 'push-sum']) {
  strategies(`${averaging} teaches every node the digits that others have`, async () => {
    const { rounds } = await within(runSwarm({ ...swarm, averaging }), 60_000, averaging)
    const { min, mean } = rounds.at(-1)!.accuracy!
    assert.ok(min > 0.6 && mean > 0.75, `worst node ${min}, mean ${mean}`)
  })
}

strategies('rounds of sharing at the end bring the nodes together, at the same bytes', async () => {
  const run = async (sharing?: string): Promise<SwarmRound> => {
    const spec = { ...swarm, averaging: 'd-psgd', topology: 'ring', loss: 0, sharing }
    const { rounds } = await within(runSwarm(spec), 60_000, sharing ?? 'a swarm without them')
    return rounds.at(-1)!
  }
  const [without, with6] = [await run(), await run('last:6')]
  assert.ok(with6.consensusDistance < 0.4 * without.consensusDistance, `${with6.consensusDistance}`)
  assert.ok(with6.accuracy!.mean > without.accuracy!.mean - 0.03, `${with6.accuracy!.mean}, ${without.accuracy!.mean}`)
  assert.ok(Math.abs(with6.bytesSentPerNode / without.bytesSentPerNode - 1) < 0.01)
})

strategies('a few dense rounds at the end bring together what sparse messages have left apart', async () => {
  const run = async (compress: string): Promise<SwarmRound> => {
    const spec = { ...swarm, averaging: 'choco-sgd', loss: 0, sharing: 'last:3', compress }
    const { rounds } = await within(runSwarm(spec), 60_000, compress)
    return rounds.at(-1)!
  }
  const [sparse, dense] = [await run('top-k:0.02'), await run('top-k:0.02+sharing:quantize:8')]
  assert.ok(dense.consensusDistance < 0.2 * sparse.consensusDistance, `${dense.consensusDistance}`)
  assert.ok(dense.accuracy!.min > sparse.accuracy!.min + 0.05, `${dense.accuracy!.min}, ${sparse.accuracy!.min}`)
})

strategies.run()
