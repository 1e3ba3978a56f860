import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { metropolisHastings } from '../../learning/topology/mixing-matrix.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { parseProblem } from '../../simulation/index.js'
import { expectContracts, expectPreservesMean, runSwarm, type SwarmCurve, type SwarmSpec } from '../../testing/index.js'

const closedForms = suite('closed forms')

/**
 * Spectral gaps of the Metropolis-Hastings matrix of regular graphs, W = (I + A) / (d + 1), by the eigenvalues of circulants:
 * ring of n: 1 - (1 + 2 cos(2 pi / n)) / 3; torus k x k: 1 - (3 + 2 cos(2 pi / k)) / 5; complete: 1.
 */
const gaps = [
  { topology: 'ring', nodes: 16, gap: 1 - (1 + 2 * Math.cos(Math.PI / 8)) / 3 },
  { topology: 'torus', nodes: 25, gap: 1 - (3 + 2 * Math.cos((2 * Math.PI) / 5)) / 5 },
  { topology: 'exponential', nodes: 16, gap: exponentialGap(16) },
  { topology: 'complete', nodes: 16, gap: 1 }
]

for (const { topology, nodes, gap } of gaps) {
  closedForms(`averaging contracts on ${topology} with ${nodes} nodes at the rate of the formula`, async () => {
    // Few enough rounds that float32 still shows the distance.
    const rounds = gap === 1 ? 3 : Math.min(80, Math.ceil(Math.log(1e-4) / Math.log(1 - gap)))
    const curve = await runSwarm({
      problem: 'consensus:200',
      averaging: 'd-psgd',
      nodes,
      topology,
      rounds,
      compress: 'float32',
      localSteps: 1
    })
    expectContracts(curve)
    expectPreservesMean(curve)
    if (gap === 1) {
      assert.ok(curve.rounds[0].consensusDistance < 1e-5, `${curve.rounds[0].consensusDistance} after one round`)
      return
    }
    // The slowest direction is all that is left in the end.
    const [before, last] = curve.rounds.slice(-2).map(({ consensusDistance }) => consensusDistance)
    assert.ok(
      Math.abs(last / before - (1 - gap)) < 0.01,
      `a factor of ${last / before} a round; the formula says ${1 - gap}`
    )
  })
}

const quadratic = {
  ...{ problem: 'quadratic:10', nodes: 9, localSteps: 1, learningRate: 0.05 },
  ...{ averaging: 'd-psgd', compress: 'float32' }
} as const

closedForms('d-psgd on quadratics follows x <- W (x - step size * gradient)', async () => {
  const rounds = 40
  for (const topology of ['ring', 'torus', 'exponential', 'complete']) {
    const spec: SwarmSpec = { ...quadratic, topology, rounds }
    const expected = iterate(topology, rounds)
    const found = lossesOf(await runSwarm(spec))
    for (let round = 0; round < rounds; round++) {
      const message = `${topology}, round ${round + 1}: ${found[round]}; the recursion gives ${expected[round]}`
      assert.ok(Math.abs(found[round] - expected[round]) < 1e-4 * (1 + expected[round]), message)
    }
  }
})

closedForms('d-psgd on quadratics ends nearer to the optimum by the square of the step size', async () => {
  // Lian et al., NeurIPS 2017: with a constant step size the bias of heterogeneous nodes is of its square in the loss.
  const end = async (learningRate: number): Promise<number> => {
    const curve = await runSwarm({ ...quadratic, topology: 'ring', learningRate, rounds: 30 / learningRate })
    return lossesOf(curve).at(-1)!
  }
  const ratio = (await end(0.04)) / (await end(0.02))
  assert.ok(ratio > 3 && ratio < 5, `a ratio of ${ratio}`)
})

for (const topology of ['ring', 'torus', 'exponential', 'complete']) {
  closedForms(
    `exact diffusion on a ${topology} ends at the optimum with a constant step size, d-psgd does not`,
    async () => {
      const spec: SwarmSpec = { ...quadratic, topology, localSteps: 4, learningRate: 0.1, rounds: 100 }
      const [plain, corrected] = [await runSwarm(spec), await runSwarm({ ...spec, roundMemory: 'exact-diffusion' })]
      const [far, near] = [plain, corrected].map(curve => lossesOf(curve).at(-1)!)
      assert.ok(far > 1e-3, `d-psgd ends ${far} above the least value`)
      assert.ok(near < 1e-9, `exact diffusion ends ${near} above it`)
    }
  )
}

closedForms('exact diffusion keeps the optimum however coarse the messages are', async () => {
  const spec: SwarmSpec = { ...quadratic, topology: 'ring', localSteps: 4, learningRate: 0.1, rounds: 100 }
  const compressed = await runSwarm({ ...spec, compress: 'quantize:8', roundMemory: 'exact-diffusion' })
  const [plain] = lossesOf(await runSwarm(spec)).slice(-1)
  const [near] = lossesOf(compressed).slice(-1)
  assert.ok(near < plain / 20, `${near}; without it ${plain}`)
})

/** The loss of each round by the recursion in doubles, mean over the nodes. */
function iterate(topology: string, rounds: number): number[] {
  const { nodes, learningRate } = quadratic
  const problem = parseProblem(quadratic.problem, { nodes, learningRate, seed: 1 })
  const matrix = metropolisHastings(createTopology(topology).graph(nodes, 1))
  let models = matrix.map((_, node) => problem.initial(node))
  return Array.from({ length: rounds }, () => {
    for (const [node, model] of models.entries()) problem.step(model, node, 0)
    models = models.map((own, i) =>
      own.map((x, k) => matrix[i].reduce((sum, { neighbour, weight }) => sum + weight * (models[neighbour][k] - x), x))
    )
    return models.reduce((sum, model) => sum + problem.evaluate!(model, 0).loss / nodes, 0)
  })
}

function lossesOf({ rounds }: SwarmCurve): number[] {
  return rounds.map(({ testLoss }) => testLoss!)
}

/** Neighbours at +-1, +-2, +-4, ... (mod n), each once: eigenvalue j is the sum of cos(2 pi j s / n) over the offsets s. */
function exponentialGap(nodes: number): number {
  const offsets = new Set<number>()
  for (let offset = 1; offset < nodes; offset *= 2) offsets.add(offset).add(nodes - offset)
  const eigenvalue = (j: number): number =>
    [...offsets].reduce((sum, offset) => sum + Math.cos((2 * Math.PI * j * offset) / nodes), 1) / (offsets.size + 1)
  const others = Array.from({ length: nodes - 1 }, (_, j) => Math.abs(eigenvalue(j + 1)))
  return 1 - Math.max(...others)
}

closedForms.run()
