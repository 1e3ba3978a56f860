import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { close } from '../helpers/close.js'
import { MachineBench, ofType } from '../helpers/machine.js'
import { throwsExactly } from '../helpers/throws.js'
import { VirtualSwarm } from '../helpers/virtual-swarm.js'

const epidemic = suite('epidemic')
const LENGTH = 4

function bench(peers: readonly string[], spec = 'epidemic'): MachineBench {
  const node = new MachineBench(createAveraging(spec, LENGTH), LENGTH)
  node.members(peers)
  node.start()
  return node
}

epidemic('sends its model to so many different neighbours, others in every round', () => {
  const peers = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const [spec, count] of [
    ['epidemic', 2],
    ['epidemic:1', 1],
    ['epidemic:5', 5],
    ['epidemic:64', 6]
  ] as const) {
    const node = bench(peers, spec)
    const drawn = Array.from({ length: 40 }, () => ofType(node.trained(), 'send').map(({ to }) => to))
    for (const to of drawn) assert.equal([to.length, new Set(to).size], [count, count], spec)
    assert.is(new Set(drawn.flat()).size, 6, spec)
  }
})

epidemic('averages its own model and all that came, each of one weight', () => {
  const node = bench(['a', 'b', 'c'])
  node.trained()
  ;[3, 5, 11].forEach((value, i) => node.model(['a', 'b', 'c'][i], 1, value))
  close(node.parameters, new Float32Array(LENGTH).fill((1 + 3 + 5 + 11) / 4), 1e-6)
  node.trained()
  node.model('a', 2, 7)
  close(node.parameters, new Float32Array(LENGTH).fill((5 + 7) / 2), 1e-6, 'the next round counts anew')
})

/** One round of 8 linked nodes, for many seeds. */
function* oneRound(fanOut: number, seeds: number): Generator<{ before: readonly Float32Array[]; after: VirtualSwarm }> {
  const graph = createTopology('complete').graph(8, 1)
  for (let seed = 0; seed < seeds; seed++) {
    const create = (length: number) => createAveraging(`epidemic:${fanOut}`, length)
    const after = new VirtualSwarm({ graph, length: 20, create, rounds: 1, seed })
    const before = after.models.map(model => model.slice())
    after.start().run()
    yield { before, after }
  }
}

function meanOf(models: readonly Float32Array[], k: number): number {
  return models.reduce((sum, model) => sum + model[k] / models.length, 0)
}

epidemic('preserves the mean in expectation, though not in a single round', () => {
  const shifts: number[] = []
  for (const { before, after } of oneRound(2, 100)) {
    for (let k = 0; k < 20; k++) shifts.push(meanOf(after.models, k) - meanOf(before, k))
  }
  const mean = shifts.reduce((sum, shift) => sum + shift) / shifts.length
  const deviation = Math.sqrt(shifts.reduce((sum, shift) => sum + (shift - mean) ** 2, 0) / shifts.length)
  assert.ok(deviation > 0.05, `deviation ${deviation}`)
  assert.ok(Math.abs(mean) < (3 * deviation) / Math.sqrt(shifts.length), `${mean} with a deviation of ${deviation}`)
})

for (const fanOut of [1, 2, 5]) {
  epidemic(`brings nodes together as fast as the closed form says, ${fanOut} of 7 drawn`, () => {
    let [before, after] = [0, 0]
    for (const swarm of oneRound(fanOut, 100)) {
      for (let k = 0; k < 20; k++) {
        const mean = meanOf(swarm.before, k)
        swarm.before.forEach((model, i) => {
          before += (model[k] - mean) ** 2
          after += (swarm.after.models[i][k] - mean) ** 2
        })
      }
    }
    const expected = (1 - (1 - fanOut / 7) ** 8) / fanOut - 1 / 7
    assert.ok(Math.abs(after / before / expected - 1) < 0.05, `${after / before}, expected ${expected}`)
  })
}

epidemic('refuses a fan-out that is none, and names the range', () => {
  for (const argument of ['0', '65', '', '1.5', '-1', 'x', '1e1']) {
    const message =
      `epidemic:${argument}: expected how many neighbours get the model in a round, a whole number from 1 to 64, ` +
      'as in epidemic:2'
    throwsExactly(() => createAveraging(`epidemic:${argument}`, 1), InvalidParametersError, message)
  }
})

epidemic.run()
