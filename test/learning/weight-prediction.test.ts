import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { WeightPrediction } from '../../learning/averaging/weight-prediction.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { close } from '../helpers/close.js'
import { VirtualSwarm } from '../helpers/virtual-swarm.js'

const prediction = suite('WeightPrediction')

/** Where steps begin at `model`, of 4 nodes, when increments so late have brought it there. */
function predicted(weights: WeightPrediction, model: number, late: readonly number[]): number {
  for (const rounds of late) weights.moved(rounds)
  const start = Float32Array.of(model)
  weights.predict(start, 4)
  return start[0]
}

function seen(model: number): WeightPrediction {
  const weights = new WeightPrediction(1)
  assert.is(predicted(weights, model, [0, 1, 1, 2]), model, 'of the first model no move is known')
  return weights
}

prediction('goes on by the latest move, times the rounds by which increments are late', () => {
  const weights = seen(1)
  assert.is(predicted(weights, 3, [0, 1, 1, 2]), 3 + 2)
  assert.is(predicted(weights, 2, [0, 2, 2, 2]), 2 - 1.5, 'the move begins at the model, not at what was predicted')
  assert.is(predicted(weights, 4, [0, 0, 0, 0]), 4, 'all has come')
  assert.is(predicted(weights, 4.5, []), 4.5, 'nothing has come')
})

prediction('takes what came for several rounds at once for as many moves', () => {
  assert.is(predicted(seen(1), 5, [0, 1, 2, 1, 0, 1, 2, 1]), 5 + 4 / 2)
})

prediction('does not heed what somebody who was away has sent, nor rounds ahead of ours', () => {
  assert.is(predicted(seen(1), 2, [1, 5, 60, 1_000_000]), 3)
  assert.is(predicted(seen(1), 2, [-3, 0]), 2)
})

prediction('knows no move of a model that has jumped', () => {
  const weights = seen(1)
  weights.reset()
  assert.is(predicted(weights, 9, [1, 1]), 9)
  assert.is(predicted(weights, 10, [1, 1]), 11)
})

prediction('keeps a swarm with momentum from swinging ever more', () => {
  const NODES = 12
  const velocities = new Float64Array(NODES)
  /** One step down the slope of x^2 / 20. */
  const step = (work: Float32Array, node: number): number => {
    velocities[node] = 0.9 * velocities[node] - 0.1 * work[0]
    work[0] += velocities[node]
    return 0
  }
  const { models } = new VirtualSwarm({
    graph: createTopology('ring').graph(NODES, 1),
    length: 1,
    create: length => createAveraging('anti-entropy', length),
    initial: () => [1],
    rounds: 200,
    train: step
  })
    .start()
    .run()
  // Without prediction it is at 480, from 1.
  for (const model of models) close(model, [0], 0.1)
})

prediction.run()
