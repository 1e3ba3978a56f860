import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidDataError, InvalidParametersError, UnknownNameError } from '../../data/errors.js'
import { findImageFolder, readImageLabels } from '../../data/image-folder.js'
import { mnistFolder } from '../../data/mnist.js'
import { parsePartition } from '../../data/partition.js'
import { createRng } from '../../learning/rng.js'
import { fixture } from '../helpers/fixture.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const partition = suite('partition')
const folder = temporaryFolder()

const labels = readImageLabels(findImageFolder(mnistFolder()).train)
const pool = { labels, nodes: 8, samples: 1_000 }
const assign = (spec: string, seed = 1): number[][] => parsePartition(spec).assign(pool, createRng(seed))

/** The share of the commonest class of a node, on average over nodes: 0.1 when classes are even, 1 when pure. */
function skew(parts: readonly number[][]): number {
  const shares = parts.map(rows => {
    const counts = new Array<number>(10).fill(0)
    for (const row of rows) counts[labels[row]]++
    return Math.max(...counts) / rows.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

partition('gives node i the rows from n * i on when it is iid', () => {
  const parts = assign('iid')
  parts.forEach((rows, node) => {
    assert.ok(
      rows.every((row, i) => row === node * 1_000 + i),
      `node ${node}`
    )
  })
  assert.is(parts.length, 8)
})

for (const spec of ['iid', 'dirichlet:0.1', 'dirichlet:100', 'dirichlet:0.001', 'shards:2', 'shards:1']) {
  partition(`shares out the first rows once each with ${spec}`, () => {
    const parts = assign(spec)
    parts.forEach((rows, node) => assert.is(rows.length, 1_000, `node ${node}`))
    const seen = new Set(parts.flat())
    assert.is(seen.size, 8_000)
    assert.ok([...seen].every(row => Number.isInteger(row) && row >= 0 && row < 8_000))
    assert.is(parsePartition(spec).spec, spec)
  })
}

for (const spec of ['dirichlet:0.1', 'shards:2']) {
  partition(`gives the same parts for the same seed, others for another, with ${spec}`, () => {
    assert.equal(assign(spec, 1), assign(spec, 1))
    assert.not.equal(assign(spec, 1), assign(spec, 2))
  })
}

partition('skews classes as its argument says', () => {
  const skews = ['dirichlet:0.1', 'dirichlet:1', 'iid'].map(spec => skew(assign(spec)))
  assert.ok(skews[0] > 0.4 && skews[0] > skews[1] && skews[1] > skews[2], skews.join())
  assert.ok(skew(assign('dirichlet:1000')) < 0.16, 'a large concentration comes close to iid')
})

partition('draws shares with the variance of a Dirichlet distribution', () => {
  // With two even classes the first node's share of one is Beta(a, a), of variance 1 / (4 (2 a + 1)). 200 draws add
  // to it.
  const even = { labels: Array.from({ length: 4_000 }, (_, i) => i % 2), nodes: 20, samples: 200 }
  for (const a of [0.5, 4]) {
    const shares = Array.from({ length: 400 }, (_, seed) => {
      const [rows] = parsePartition(`dirichlet:${a}`).assign(even, createRng(seed))
      return rows.filter(row => row % 2 === 0).length / rows.length
    })
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length
    const beta = 1 / (4 * (2 * a + 1))
    const expected = beta + (0.25 - beta) / 200
    assert.ok(Math.abs(mean - 0.5) < 0.08, `a = ${a}: mean ${mean}`)
    assert.ok(Math.abs(variance / expected - 1) < 0.2, `a = ${a}: variance ${variance}, expected ${expected}`)
  }
})

partition('gives a node few classes when it takes two shards', () => {
  for (const rows of assign('shards:2')) {
    const classes = new Set(rows.map(row => labels[row]))
    assert.ok(classes.size <= 4, `${classes.size} classes in two shards`)
  }
})

partition('takes the parts of a file as they are', () => {
  const parts = assign(`file:${fixture('partition_dir0.1_N8_n1000_s1.json')}`)
  assert.equal(parts[0].slice(0, 3), [7180, 359, 1399])
  assert.equal(
    parts.map(rows => rows.length),
    new Array(8).fill(1_000)
  )
  assert.ok(skew(parts) > 0.4, 'label skew of the reference')
})

const fileFaults: [content: string, message: string, field?: string][] = [
  ['{', 'the file is no JSON; expected { "nodes": [[...], ...] }. Check the path.'],
  ['[]', 'nodes is no array; expected an array of row indices for every node.', 'nodes'],
  ['{"nodes": [[0], [1], [2]]}', 'nodes has 3 lists; expected 2. Pass --nodes 3.', 'nodes'],
  ['{"nodes": [[0], []]}', 'nodes[1] holds no rows; expected an array of row indices.', 'nodes[1]'],
  ['{"nodes": [[0], [1, 10]]}', 'nodes[1][1] is 10; expected a row of the training data, 0 to 9.', 'nodes[1][1]'],
  ['{"nodes": [[0], [-1]]}', 'nodes[1][0] is -1; expected a row of the training data, 0 to 9.', 'nodes[1][0]'],
  ['{"nodes": [["a"], [1]]}', 'nodes[0][0] is "a"; expected a row of the training data, 0 to 9.', 'nodes[0][0]'],
  ['{"nodes": [[0, 3], [1, 3]]}', 'nodes[1][1] is 3, as is nodes[0][1]; expected every row once.', 'nodes[1][1]']
]
for (const [content, message, field] of fileFaults) {
  partition(`refuses a file when ${message}`, () => {
    const path = folder.write('parts.json', content)
    const small = { labels: labels.subarray(0, 10), nodes: 2, samples: 5 }
    const error = throwsExactly(
      () => parsePartition(`file:${path}`).assign(small, createRng(1)),
      InvalidDataError,
      `${path}: ${message}`
    )
    assert.is(error.column, field)
  })
}

partition('refuses a file that is not there', () => {
  const path = join(folder.path, 'absent.json')
  throwsExactly(
    () => assign(`file:${path}`),
    InvalidDataError,
    `${path}: no such file; expected { "nodes": [[...], ...] }. Check the path.`
  )
})

partition('names the partitions there are when it knows none of that name', () => {
  const error = throwsExactly(
    () => parsePartition('dirichlett:1'),
    UnknownNameError,
    'unknown partition "dirichlett"; expected one of iid, dirichlet, shards, file'
  )
  assert.equal(
    [error.kind, error.actual, error.known],
    ['partition', 'dirichlett', ['iid', 'dirichlet', 'shards', 'file']]
  )
})

const specFaults: [spec: string, message: string][] = [
  ['iid:2', 'partition iid:2: iid takes no argument. Pass iid.'],
  ['dirichlet', 'partition dirichlet: expected a number above 0 after the colon, as in dirichlet:0.1.'],
  ['dirichlet:0', 'partition dirichlet:0: expected a number above 0 after the colon, as in dirichlet:0.1.'],
  ['dirichlet:x', 'partition dirichlet:x: expected a number above 0 after the colon, as in dirichlet:0.1.'],
  ['shards:1.5', 'partition shards:1.5: expected a whole number above 0 after the colon, as in shards:2.'],
  ['shards:-1', 'partition shards:-1: expected a whole number above 0 after the colon, as in shards:2.'],
  ['file:', 'partition file:: no path. Pass file:PATH.']
]
for (const [spec, message] of specFaults) {
  partition(`refuses ${spec}`, () => {
    throwsExactly(() => parsePartition(spec), InvalidParametersError, message)
  })
}

const roomFaults: [nodes: number, samples: number, message: string][] = [
  [8, 20, '8 nodes with 20 samples each need 160 training rows; there are 100. Pass --samples 12 or --nodes 5.'],
  [8, 200, '8 nodes with 200 samples each need 1600 training rows; there are 100. Pass --samples 12.'],
  [200, 20, '200 nodes with 20 samples each need 4000 training rows; there are 100. Pass --nodes 5.'],
  [200, 200, '200 nodes with 200 samples each need 40000 training rows; there are 100. Pass --nodes 100 --samples 1.'],
  [0, 5, '0 nodes with 5 samples each; expected whole numbers above 0.']
]
for (const [nodes, samples, message] of roomFaults) {
  partition(`refuses ${nodes} nodes with ${samples} of 100 rows each`, () => {
    const small = { labels: labels.subarray(0, 100), nodes, samples }
    throwsExactly(() => parsePartition('iid').assign(small, createRng(1)), InvalidParametersError, message)
  })
}

partition('refuses shards that are not equal, and a Dirichlet distribution over numbers', () => {
  throwsExactly(
    () => assign('shards:3'),
    InvalidParametersError,
    '1000 samples a node cannot be cut into 3 equal shards. Pass --samples 999 or --samples 1002.'
  )
  throwsExactly(
    () => parsePartition('dirichlet:1').assign({ labels: [0.5, 1.5], nodes: 1, samples: 2 }, createRng(1)),
    InvalidParametersError,
    'partition dirichlet needs classes; the labels are numbers. Pass iid or shards:K.'
  )
})

partition.run()
