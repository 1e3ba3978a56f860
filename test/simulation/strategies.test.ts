import { suite } from 'uvu'
import * as assert from 'uvu/assert'
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

strategies.run()
