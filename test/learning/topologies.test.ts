import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidParametersError, UnknownNameError } from '../../learning/errors.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { createGraph, isConnected } from '../../learning/topology/graph.js'
import type { Graph } from '../../learning/topology/topology.js'
import { runChecks } from '../compliance/check.js'
import { topologyCompliance } from '../compliance/topology.js'

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 17, 36, 64]
const kinds: [spec: string, sizes: number[]][] = [
  ['ring', SIZES],
  ['torus', SIZES],
  ['exponential', SIZES],
  ['one-peer-exponential', SIZES],
  ['complete', SIZES],
  ['random-regular:2', [3, 4, 5, 6, 31, 64]],
  ['random-regular:3', [4, 6, 8, 20]],
  ['random-regular', [5, 6, 7, 8, 9, 33, 200]],
  ['random-regular:9', [10, 12, 40]],
  ['edges:3-1,0-1,1-2', [4]]
]
for (const [spec, sizes] of kinds) {
  runChecks(
    `${spec} compliance`,
    topologyCompliance(() => createTopology(spec), sizes)
  )
}

function graphOf(spec: string, size: number, seed = 1): Graph {
  return createTopology(spec).graph(size, seed)
}

function degrees(graph: Graph): number[] {
  return [...new Set(graph.neighbours.map(ends => ends.length))].sort((a, b) => a - b)
}

const topologies = suite('topologies')

topologies('have one node alone and one edge between two', () => {
  for (const spec of ['ring', 'torus', 'exponential', 'one-peer-exponential', 'complete']) {
    assert.equal(graphOf(spec, 1).neighbours, [[]], spec)
    assert.equal(graphOf(spec, 2).neighbours, [[1], [0]], spec)
  }
})

topologies('ring joins each node to the one before and the one after', () => {
  assert.equal(graphOf('ring', 5).neighbours, [
    [1, 4],
    [0, 2],
    [1, 3],
    [2, 4],
    [0, 3]
  ])
})

topologies('torus is as square as its size divides', () => {
  const graph = graphOf('torus', 12) // 3 rows of 4
  assert.equal(graph.neighbours[0], [1, 3, 4, 8])
  assert.equal(graph.neighbours[6], [2, 5, 7, 10])
  assert.equal(degrees(graphOf('torus', 36)), [4])
})

topologies('torus of two rows has three neighbours a node, and of a prime is a ring', () => {
  assert.equal(degrees(graphOf('torus', 10)), [3])
  assert.equal(graphOf('torus', 13), graphOf('ring', 13))
})

topologies('exponential joins nodes that are a power of two apart', () => {
  assert.equal(graphOf('exponential', 16).neighbours[0], [1, 2, 4, 8, 12, 14, 15])
  assert.equal(graphOf('exponential', 11).neighbours[0], [1, 2, 3, 4, 7, 8, 9, 10])
})

topologies('one-peer-exponential gives each node one neighbour a round, each a power of two away', () => {
  const { turns } = graphOf('one-peer-exponential', 8)
  assert.equal(
    turns?.map(({ neighbours }) => neighbours.flat()),
    [
      [1, 0, 3, 2, 5, 4, 7, 6],
      [2, 3, 0, 1, 6, 7, 4, 5],
      [4, 5, 6, 7, 0, 1, 2, 3]
    ]
  )
  const last = graphOf('one-peer-exponential', 5).turns?.at(-1)
  assert.equal(last?.neighbours, [[4], [], [], [], [0]], 'who has no partner has nobody')
})

topologies('complete joins everybody', () => {
  assert.equal(graphOf('complete', 4).neighbours, [
    [1, 2, 3],
    [0, 2, 3],
    [0, 1, 3],
    [0, 1, 2]
  ])
})

topologies('random-regular gives every node its number of neighbours', () => {
  for (const [degree, size] of [
    [2, 9],
    [3, 10],
    [4, 5],
    [4, 100],
    [7, 8],
    [18, 21],
    [19, 22]
  ]) {
    for (let seed = 0; seed < 5; seed++) {
      const graph = graphOf(`random-regular:${degree}`, size, seed)
      assert.equal(degrees(graph), [degree], `${degree} of ${size}, seed ${seed}`)
    }
  }
})

topologies('random-regular differs from seed to seed', () => {
  for (const degree of [2, 3, 4]) {
    const graphs = [1, 2, 3].map(seed => JSON.stringify(graphOf(`random-regular:${degree}`, 20, seed)))
    assert.is(new Set(graphs).size, 3, `degree ${degree}`)
  }
})

topologies('random-regular joins every pair equally often, and always everybody', () => {
  const seeds = 2000
  const counts = new Map<string, number>()
  for (let seed = 0; seed < seeds; seed++) {
    const graph = graphOf('random-regular:3', 8, seed)
    assert.ok(isConnected(graph), `seed ${seed}: in parts`) // of those drawn once, 1 in 553 is
    graph.neighbours.forEach((ends, i) =>
      ends.forEach(j => {
        if (i < j) counts.set(`${i}-${j}`, (counts.get(`${i}-${j}`) ?? 0) + 1)
      })
    )
  }
  assert.is(counts.size, 28)
  // Each of the 28 pairs is an edge with probability 3/7; five standard deviations are 111.
  for (const [pair, count] of counts) {
    assert.ok(Math.abs(count - (seeds * 3) / 7) < 111, `${pair}: ${count} of ${seeds}`)
  }
})

topologies('random-regular says what would fit when the swarm is too small or the product odd', () => {
  assert.throws(
    () => graphOf('random-regular', 4),
    isInvalid(
      'random-regular:4 on 4 nodes: there is no one to be the 4 neighbours of each. Use complete, or at least 5 nodes.'
    )
  )
  assert.throws(
    () => graphOf('random-regular:3', 7),
    isInvalid(
      'random-regular:3 on 7 nodes: no such graph exists, for 7 x 3 is odd. ' +
        'Use random-regular:2, random-regular:4, or an even number of nodes.'
    )
  )
})

topologies('refuse more edges than memory is there for, before any is drawn', () => {
  for (const [spec, size, edges] of [
    ['complete', 60_000, 1_799_970_000],
    ['random-regular:400', 60_000, 12_000_000],
    ['exponential', 1_000_000, 20_000_000]
  ] as const) {
    assert.throws(
      () => graphOf(spec, size),
      isInvalid(
        `${spec} on ${size} nodes: it would have ${edges} edges; at most 10000000 are kept. ` +
          'Use a topology with fewer neighbours, such as random-regular:8, or fewer nodes.'
      )
    )
  }
})

topologies('random-regular refuses a number of neighbours that connects nobody', () => {
  for (const argument of ['1', '0', '-2', '2.5', 'x', '', '1e1']) {
    assert.throws(
      () => createTopology(`random-regular:${argument}`),
      isInvalid(
        `random-regular:${argument}: expected a whole number of neighbours, at least 2, as in random-regular:4`
      ),
      argument
    )
  }
})

topologies('edges draws the graph that it is given, and sorts its spec', () => {
  const topology = createTopology('edges:3-1,0-1,2-1')
  assert.is(topology.spec, 'edges:0-1,1-2,1-3')
  assert.equal(topology.graph(4, 1).neighbours, [[1], [0, 2, 3], [1], [1]])
})

topologies('edges says which edge is wrong', () => {
  const cases: [spec: string, size: number, message: string][] = [
    ['edges', 2, 'edges: found ""; expected two nodes, as in edges:0-1,1-2'],
    ['edges:0-1,1', 2, 'edges: found "1"; expected two nodes, as in edges:0-1,1-2'],
    ['edges:0-1,2-2', 3, 'edges: 2-2 joins node 2 to itself. Remove it.'],
    ['edges:0-1,1-0', 2, 'edges: 1-0 is there twice. Remove one.'],
    ['edges:0-1,1-5', 3, 'edges: 1-5 names node 5; 3 nodes are numbered 0 to 2'],
    ['edges:0-1,1-2', 4, 'edges: node 3 has no edge, so 4 nodes cannot agree. Add edges that connect them.'],
    [
      'edges:0-1,2-3',
      4,
      'edges: the edges fall into separate parts, so 4 nodes cannot agree. Add edges that connect them.'
    ]
  ]
  for (const [spec, size, message] of cases) assert.throws(() => graphOf(spec, size), isInvalid(message), spec)
})

topologies('are created again from their own spec', () => {
  for (const [spec, sizes] of kinds) {
    const { spec: canonical } = createTopology(spec)
    assert.is(createTopology(canonical).spec, canonical)
    assert.equal(graphOf(canonical, sizes[0]), graphOf(spec, sizes[0]), spec)
  }
  assert.is(createTopology('random-regular').spec, 'random-regular:4')
})

topologies('names the known ones when a name is unknown', () => {
  const known = 'ring, torus, exponential, one-peer-exponential, random-regular, complete, edges'
  assert.throws(
    () => createTopology('star'),
    (error: unknown) =>
      error instanceof UnknownNameError && error.message === `unknown topology "star"; expected one of ${known}`
  )
})

topologies('refuse an argument where there is nothing to set', () => {
  assert.throws(() => createTopology('ring:2'), isInvalid('ring:2: ring takes no argument. Write ring alone.'))
})

topologies('isConnected tells one part from two', () => {
  assert.ok(isConnected(createGraph(1, [])))
  assert.ok(
    isConnected(
      createGraph(4, [
        [3, 2],
        [2, 1],
        [1, 0]
      ])
    )
  )
  assert.not.ok(
    isConnected(
      createGraph(4, [
        [0, 1],
        [2, 3]
      ])
    )
  )
  assert.not.ok(isConnected(createGraph(2, [])))
})

topologies.run()

function isInvalid(message: string): (error: unknown) => boolean {
  return error => error instanceof InvalidParametersError && error.message === message
}
