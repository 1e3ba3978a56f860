import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidSpecError, runSwarm, type SwarmCurve, type SwarmSpec } from '../../testing/index.js'
import { within } from '../helpers/within.js'

const budget = suite('swarms on a budget')

/** Eight nodes that look for the minimum of the mean of their functions, with something to send in every round. */
const swarm: SwarmSpec = { problem: 'quadratic:2000,0.1', nodes: 8, localSteps: 2, learningRate: 0.05, rounds: 40 }

async function run(spec: Partial<SwarmSpec>): Promise<SwarmCurve> {
  return within(runSwarm({ ...swarm, ...spec }), 30_000, spec.averaging ?? 'a swarm')
}

/** Bytes that a node sent, a round, when the first have passed. */
function sent({ rounds }: SwarmCurve): number {
  const [start, end] = [rounds[9], rounds.at(-1)!]
  return (end.bytesSentPerNode - start.bytesSentPerNode) / (end.round - start.round)
}

for (const [averaging, bytes, topology, loss] of [
  ['anti-entropy', 2500, 'exponential', 0],
  ['anti-entropy', 2500, 'ring', 0.1],
  ['choco-sgd', 1500, 'exponential', 0.1],
  ['d-psgd', 8000, 'exponential', 0]
] as const) {
  budget(`of ${averaging} on ${topology} is kept to within a tenth, at a loss of ${loss}`, async () => {
    const curve = await run({ averaging, topology, budget: `${bytes}B/round`, loss })
    const share = sent(curve) / bytes
    assert.ok(Math.abs(share - 1) < 0.1, `${share} of the budget`)
    const told = curve.summary.budget!
    assert.is(told.spec, `${bytes}B/round`)
    assert.is(Math.round(40 * told.sentPerNode), Math.round(curve.rounds.at(-1)!.bytesSentPerNode))
  })
}

budget('of an hour is kept to on the virtual clock, and the same seed gives the same bytes', async () => {
  const spec = { averaging: 'anti-entropy', budget: '100MB/hour', latency: 'log-normal:20,0.5', rounds: 30 }
  const [one, other] = [await run(spec), await run(spec)]
  const share = one.summary.budget!.sentPerNode / 100e6
  assert.ok(Math.abs(share - 1) < 0.1, `${share} of the budget`)
  assert.equal(other.rounds, one.rounds)
})

budget('takes the place of a compressor', async () => {
  for (const [spec, message] of [
    [{ budget: '2KB/round', compress: 'sign' }, /swarm\.budget: decides how to compress/],
    [{ budget: '2KB/round', averaging: 'push-sum' }, /swarm\.budget: push-sum cannot keep to a budget/]
  ] as const) {
    try {
      await run(spec)
    } catch (error) {
      assert.instance(error, InvalidSpecError)
      assert.match((error as Error).message, message)
      continue
    }
    assert.unreachable(String(message))
  }
})

budget.run()
