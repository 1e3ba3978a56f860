import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ConvergenceError,
  expectContracts,
  expectNotWorse,
  expectPreservesMean,
  expectReaches,
  expectSurvives,
  InvalidSpecError,
  recordCurve,
  runSwarm,
  type SwarmCurve,
  type SwarmSpec
} from '../../testing/index.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const testing = suite('murmuration/testing')
const folder = temporaryFolder()
const consensus: SwarmSpec = {
  ...{ problem: 'consensus:50', nodes: 12, localSteps: 1, rounds: 12 },
  ...{ averaging: 'd-psgd', compress: 'float32' }
}
const quadratic: SwarmSpec = {
  ...{ problem: 'quadratic:20', nodes: 8, localSteps: 1, learningRate: 0.1, rounds: 60 },
  ...{ averaging: 'd-psgd', compress: 'float32' },
  topology: 'complete'
}

function fails(check: () => unknown, message: RegExp): ConvergenceError {
  try {
    check()
  } catch (error) {
    assert.instance(error, ConvergenceError)
    assert.match((error as Error).message, message)
    return error as ConvergenceError
  }
  assert.unreachable(`expected ${String(message)}`)
  throw new Error()
}

/** The same curve with the figures of one round changed. */
function changed(curve: SwarmCurve, at: number, change: Partial<SwarmCurve['rounds'][number]>): SwarmCurve {
  return { ...curve, rounds: curve.rounds.map(round => (round.round === at ? { ...round, ...change } : round)) }
}

for (const topology of ['ring', 'torus', 'complete', 'exponential', 'random-regular:4']) {
  testing(`averaging on ${topology} contracts as its spectral gap predicts, and preserves the mean`, async () => {
    const curve = await runSwarm({ ...consensus, topology })
    expectContracts(curve)
    expectPreservesMean(curve)
  })
}

testing('refuses to hold averaging to one mixing matrix where neighbours take turns', async () => {
  const curve = await runSwarm({ ...consensus, topology: 'one-peer-exponential' })
  assert.throws(() => expectContracts(curve), /swarm.topology: is one-peer-exponential/)
  expectPreservesMean(curve)
})

testing('shows where the consensus distance first left its band', async () => {
  const curve = await runSwarm({ ...consensus, topology: 'ring' })
  const slow = changed(curve, 5, { consensusDistance: 10 })
  const { round, message } = fails(
    () => expectContracts(slow),
    /expected a consensus distance of at most .* in round 5/
  )
  assert.is(round, 5)
  assert.match(message, /\|.*X/)
  assert.match(message, 'X first place outside')
})

testing('notices a network that loses messages, and a mean that moved', async () => {
  const lossy = await runSwarm({ ...consensus, topology: 'complete', loss: 0.5 })
  fails(() => expectContracts(lossy), /expected a consensus distance/)
  const curve = await runSwarm({ ...consensus, topology: 'ring' })
  const center = curve.rounds[6].center.map(value => value + 1e-3)
  assert.is(fails(() => expectPreservesMean(changed(curve, 7, { center })), /the mean to stay/).round, 7)
})

testing('reaches a loss within its means, or tells which were not enough', async () => {
  const curve = await runSwarm(quadratic)
  assert.match(
    expectReaches(curve, { loss: 0.01, rounds: 60, bytes: 1e6, seconds: 60, joules: 100 }),
    'reaches loss 0.01'
  )
  fails(() => expectReaches(curve, { loss: 1e-9 }), /the best of 60 rounds was/)
  fails(() => expectReaches(curve, { loss: 0.01, rounds: 3 }), /within 3 rounds; it took/)
  fails(() => expectReaches(curve, { loss: 0.01, bytes: 100 }), /within 100 bytes; it took/)
  fails(() => expectReaches(curve, { loss: 0.01, seconds: 0.01 }), /within 0.01 seconds/)
  fails(() => expectReaches(curve, { loss: 0.01, joules: 1e-9 }), /within 1e-9 joules/)
  assert.throws(
    () => expectReaches(curve, { rounds: 3 }),
    (error: Error) => error instanceof InvalidSpecError
  )
})

testing('is not worse than itself, and notices when it is', async () => {
  const curve = await runSwarm(quadratic)
  const recorded = recordCurve(curve)
  assert.is(recorded.points.length, 60)
  expectNotWorse(curve, recorded, 0)
  const worse = changed(curve, 9, { testLoss: recorded.points[8][1] + 0.02 })
  assert.is(fails(() => expectNotWorse(worse, recorded, 0.01), /in round 9/).round, 9)
  expectNotWorse(worse, recorded, 0.03)
})

testing('survives loss and churn, and tells when it does not', async () => {
  const calm = await runSwarm(quadratic)
  const disturbed = await runSwarm({ ...quadratic, loss: 0.1, churn: ['on-off:0.5,0.1'] })
  expectSurvives(disturbed, calm, 0.5)
  fails(() => expectSurvives(disturbed, calm, 1e-9), /expected to end with loss/)
})

testing('survives nodes that leave for good: it ends where it would without them', async () => {
  const calm = await runSwarm(quadratic)
  const without = await runSwarm({ ...quadratic, churn: ['leave:0.25,0'] })
  const left = await runSwarm({ ...quadratic, loss: 0.1, churn: ['leave:0.25,1'] })
  assert.is(left.summary.perNode.filter(({ state }) => state === 'lost').length, 2)
  expectSurvives(left, without, 0.1)
  // With them goes what only they had.
  fails(() => expectSurvives(left, calm, 0.1), /expected to end with loss/)
})

testing('has every round in the curve of a swarm whose nodes come and go', async () => {
  const curve = await runSwarm({ ...quadratic, topology: 'ring', churn: ['on-off:4,2'] })
  assert.equal(
    curve.rounds.map(({ round }) => round),
    Array.from({ length: 60 }, (_, i) => i + 1)
  )
})

testing('runs a swarm of real processes', async () => {
  const curve = await runSwarm({ kind: 'real', dataset: fixture('iris.csv'), nodes: 3, rounds: 12, localSteps: 8 })
  expectReaches(curve, { accuracy: 0.7, rounds: 12 })
})

for (const [swarm, path, problem] of [
  [{ topology: 'random-regular:3', nodes: 5 }, 'swarm.topology', 'odd'],
  [{ topology: 'random-regular:9', nodes: 8 }, 'swarm.topology', '9'],
  [{ loss: -0.1 }, 'swarm.loss', 'at least 0'],
  [{ partition: `file:${fixture('partition_dir0.1_N8_n1000_s1.json')}`, nodes: 4 }, 'swarm.partition', 'expected 4'],
  [{ topology: 'edges:0-1,1-9', nodes: 3 }, 'swarm.topology', 'names node 9'],
  [{ averaging: 'choco-sgd', topology: 'one-peer-exponential' }, 'swarm.topology', 'neighbours take turns'],
  [{ sharing: 'last:9', rounds: 9 }, 'swarm.sharing', 'expected at most last:8'],
  [{ compress: 'quantize:4+sharing:float32' }, 'swarm.compress', 'no round is of sharing alone'],
  [{ churn: ['leave:0.5,1', 'leave:2,1'] }, 'swarm.churn[1]', 'expected'],
  [{ churn: ['on-off:2,8', 'phones:60'] }, 'swarm.churn', 'each says when every node is online'],
  [{ nods: 3 }, 'swarm.nods', 'no such field'],
  [{ nodes: 0 }, 'swarm.nodes', '>=1'],
  [{ nodes: '8' }, 'swarm.nodes', 'expected number'],
  [{ nodes: 20_000, topology: 'ring', problem: 'consensus:9000000' }, 'swarm.nodes', 'GB are free. Use'],
  [{ kind: 'real', loss: 0.1 }, 'swarm.loss', 'only a virtual swarm'],
  [{ averaging: 'mean' }, 'swarm.averaging', 'unknown averaging'],
  [{ averaging: 'd-psgd', roundMemory: 'exact-diffusion' }, 'swarm.roundMemory', 'optimizer momentum'],
  [{ roundMemory: 'exact-diffusion', averaging: 'swarm-sgd', problem: 'quadratic:5' }, 'swarm.roundMemory', 'd-psgd'],
  [{ problem: 'consensus:3', partition: 'iid' }, 'swarm.partition', 'no effect with problem "consensus:3"'],
  [{ problem: 'cubic:3' }, 'swarm.problem', 'unknown problem'],
  [{ dataset: 'nowhere.csv' }, 'swarm.dataset', 'nowhere.csv']
] as const) {
  testing(`refuses ${JSON.stringify(swarm).slice(0, 60)} at ${path}`, async () => {
    try {
      await runSwarm(swarm as unknown as SwarmSpec)
    } catch (error) {
      assert.instance(error, InvalidSpecError)
      assert.is((error as InvalidSpecError).path, path)
      assert.ok((error as Error).message.includes(problem), (error as Error).message)
      return
    }
    assert.unreachable('expected it to be refused')
  })
}

async function converge(spec: unknown, ...flags: string[]) {
  const path = join(folder.path, 'spec.json')
  writeFileSync(path, JSON.stringify(spec))
  return runMurmur(['converge', path, ...flags])
}

testing('murmur converge tells each expectation, and exits 5 when one is missed', async () => {
  const swarm = { ...consensus, topology: 'ring' }
  const met = await converge({ swarm, seeds: [1, 2], expect: { contract: true, preserveMean: true } })
  assert.is(met.code, 0, met.stdout + met.stderr)
  assert.is(met.stdout.match(/^✔ seed/gm)?.length, 4)
  const missed = await converge({ swarm: quadratic, expect: { reach: { loss: 1e-9 } } })
  assert.is(missed.code, 5, missed.stderr)
  assert.match(missed.stdout, /^✖ seed 1 {2}reach: expected loss 1e-9/)
  const json = await converge({ swarm: quadratic, expect: { reach: { loss: 0.01 } } }, '--json')
  assert.is((JSON.parse(json.stdout) as { met: boolean }[])[0].met, true)
})

for (const [spec, message] of [
  [{ swarm: {}, expect: { reach: { acuracy: 0.9 } } }, 'expect.reach.acuracy: no such field'],
  [{ swarm: {}, expect: {} }, 'expect: is empty'],
  [{ swarm: quadratic, expect: { survive: { margin: 1 } } }, 'expect.survive: the swarm has neither loss nor churn'],
  [{ swarm: { ...quadratic, loss: -1 }, expect: { reach: { loss: 1 } } }, 'swarm.loss: loss -1: expected a number'],
  [{ expect: { reach: { loss: 1 } } }, 'swarm: ']
] as const) {
  testing(`murmur converge refuses a spec with ${message}`, async () => {
    const { code, stderr } = await converge(spec)
    assert.is(code, 3, stderr)
    assert.match(stderr, `✖ ${message}`)
  })
}

testing.run()
