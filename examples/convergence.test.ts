// Convergence tests of your own: copy this file, and run it with `npx uvu`.
import { suite } from 'uvu'
import { expectContracts, expectReaches, expectSurvives, runSwarm, type SwarmSpec } from 'murmuration/testing'

const convergence = suite('convergence')

/** Eight virtual nodes on a ring, each with another taste of the same problem; `dataset: 'train.csv'` takes your own data. */
const swarm: SwarmSpec = {
  nodes: 8,
  topology: 'ring',
  problem: 'quadratic:50',
  learningRate: 0.05,
  localSteps: 2,
  rounds: 40,
  latency: 'log-normal:40,0.5'
}

convergence('reaches the loss that it should, for what it may cost', async () => {
  const curve = await runSwarm(swarm)
  expectReaches(curve, { loss: 1, rounds: 40, bytes: 20_000, seconds: 10, joules: 0.1 })
})

convergence('survives lost messages and slow nodes', async () => {
  const disturbed = await runSwarm({ ...swarm, loss: 0.05, stragglers: '0.2:4' })
  expectSurvives(disturbed, await runSwarm(swarm), 0.5)
})

convergence('agrees as fast as the spectral gap of the topology promises', async () => {
  expectContracts(await runSwarm({ ...swarm, problem: 'consensus:50', compress: 'float32' }))
})

convergence.run()
