import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createTopology } from '../../learning/topology/create-topology.js'
import { createGraph } from '../../learning/topology/graph.js'
import { metropolisHastings, neighbourWeights, selfWeight } from '../../learning/topology/mixing-matrix.js'
import { spectralGap } from '../../learning/topology/spectral-gap.js'
import { close } from '../helpers/close.js'

const mixing = suite('mixing matrix')

mixing('weighs a link by the larger of its two degrees', () => {
  const graph = createGraph(5, [
    [0, 1],
    [0, 2],
    [0, 3],
    [3, 4]
  ])
  assert.equal(
    neighbourWeights(graph, 0),
    [1, 2, 3].map(neighbour => ({ neighbour, weight: 1 / 4 }))
  )
  assert.equal(neighbourWeights(graph, 3), [
    { neighbour: 0, weight: 1 / 4 },
    { neighbour: 4, weight: 1 / 3 }
  ])
  assert.equal(neighbourWeights(graph, 4), [{ neighbour: 3, weight: 1 / 3 }])
})

mixing('gives every node the row that the whole matrix has for it', () => {
  const graph = createTopology('random-regular:4').graph(20, 3)
  const matrix = metropolisHastings(graph)
  for (let node = 0; node < 20; node++) assert.equal(neighbourWeights(graph, node), matrix[node], `node ${node}`)
})

mixing('is symmetric', () => {
  const graph = createGraph(6, [
    [0, 1],
    [0, 2],
    [0, 3],
    [3, 4],
    [4, 5],
    [1, 2]
  ])
  const matrix = metropolisHastings(graph)
  matrix.forEach((row, i) =>
    row.forEach(({ neighbour, weight }) => {
      const mirrored = matrix[neighbour].find(entry => entry.neighbour === i)
      assert.is(mirrored?.weight, weight, `${i}-${neighbour}`)
    })
  )
})

mixing('leaves the rest of 1 to the node itself', () => {
  const matrix = metropolisHastings(
    createGraph(4, [
      [0, 1],
      [0, 2],
      [0, 3]
    ])
  )
  close(matrix.map(selfWeight), [1 / 4, 3 / 4, 3 / 4, 3 / 4], 1e-15)
  assert.is(selfWeight([]), 1)
})

mixing.run()

const gap = suite('spectral gap')

function gapOf(spec: string, size: number): number {
  return spectralGap(metropolisHastings(createTopology(spec).graph(size, 1)))
}

/** 1 less the second largest magnitude of the eigenvalues, `eigenvalues[0]` being the 1 of the constant vector. */
function gapFrom(eigenvalues: number[]): number {
  return 1 - Math.max(...eigenvalues.slice(1).map(Math.abs))
}

gap('of a ring of n is that of the eigenvalues 1/3 + 2/3 cos(2 pi k / n)', () => {
  for (const n of [3, 4, 5, 8, 50, 301]) {
    const eigenvalues = Array.from({ length: n }, (_, k) => 1 / 3 + (2 / 3) * Math.cos((2 * Math.PI * k) / n))
    close([gapOf('ring', n)], [gapFrom(eigenvalues)], 1e-11, `n = ${n}`)
  }
})

gap('of a torus is that of the eigenvalues 1/5 + 2/5 (cos(2 pi k / rows) + cos(2 pi l / columns))', () => {
  for (const [rows, columns] of [
    [3, 3],
    [3, 4],
    [4, 6],
    [5, 7],
    [10, 10]
  ]) {
    const eigenvalues = Array.from({ length: rows * columns }, (_, i) => {
      const across = Math.cos((2 * Math.PI * (i % columns)) / columns)
      const down = Math.cos((2 * Math.PI * Math.floor(i / columns)) / rows)
      return 1 / 5 + (2 / 5) * (across + down)
    })
    close([gapOf('torus', rows * columns)], [gapFrom(eigenvalues)], 1e-11, `${rows} x ${columns}`)
  }
})

gap('of an exponential graph of 2^m is that of a circulant', () => {
  for (const n of [4, 8, 64]) {
    const offsets = new Set<number>()
    for (let offset = 1; offset < n; offset *= 2) offsets.add(offset).add(n - offset)
    const eigenvalues = Array.from({ length: n }, (_, k) => {
      const sum = [...offsets].reduce((total, offset) => total + Math.cos((2 * Math.PI * k * offset) / n), 1)
      return sum / (offsets.size + 1)
    })
    close([gapOf('exponential', n)], [gapFrom(eigenvalues)], 1e-11, `n = ${n}`)
  }
})

gap('of a complete graph is 1, and so is that of one node', () => {
  for (const n of [1, 2, 3, 10, 100]) close([gapOf('complete', n)], [1], 1e-12, `n = ${n}`)
})

gap('of a star of n is 1 / n', () => {
  for (const n of [3, 5, 20]) {
    const star = createGraph(
      n,
      Array.from({ length: n - 1 }, (_, i) => [0, i + 1] as const)
    )
    close([spectralGap(metropolisHastings(star))], [1 / n], 1e-12, `n = ${n}`)
  }
})

gap('is measured from the eigenvalue nearest to -1 when that one is larger', () => {
  // A cycle of 4 with weights w = 0.45: eigenvalues 1, 1 - 2w = 0.1 twice, 1 - 4w = -0.8.
  const cycle = [0, 1, 2, 3].map(i => [1, 3].map(step => ({ neighbour: (i + step) % 4, weight: 0.45 })))
  close([spectralGap(cycle)], [0.2], 1e-12)
})

gap('is right when the eigenvalues next to 1 and to -1 have equal magnitude', () => {
  // Two triangles of weight w, a link of weight v between twins: 1, 1 - 2v = 0.45, 1 - 3w = 0.1, 1 - 2v - 3w = -0.45.
  const prism = [0, 1, 2, 3, 4, 5].map(i => [
    ...[1, 2].map(step => ({ neighbour: (i < 3 ? 0 : 3) + ((i + step) % 3), weight: 0.3 })),
    { neighbour: (i + 3) % 6, weight: 0.275 }
  ])
  close([spectralGap(prism)], [0.55], 1e-12)
})

gap('of a graph in two parts is 0', () => {
  close(
    [
      spectralGap(
        metropolisHastings(
          createGraph(6, [
            [0, 1],
            [1, 2],
            [3, 4],
            [4, 5]
          ])
        )
      )
    ],
    [0],
    1e-12
  )
})

gap('of random regular graphs does not shrink with the swarm', () => {
  // Alon-Boppana: the adjacency's second eigenvalue tends to 2 sqrt(K - 1), so the gap to (4 - 2 sqrt(3)) / 5 = 0.107.
  for (const n of [100, 400, 1600]) {
    const found = gapOf('random-regular:4', n)
    assert.ok(found > 0.09 && found < 0.2, `n = ${n}: ${found}`)
  }
})

gap.run()
