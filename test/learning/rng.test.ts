import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRng, shuffle } from '../../learning/rng.js'

const rng = suite('rng')

rng('draws the numbers of xoshiro128**, on every machine', () => {
  // From an independent implementation in Python, of the hash and of the generator.
  const source = createRng(1)
  const drawn = [source.uint32(), source.uint32(), source.uint32(), source.uint32()]
  assert.equal(drawn, [1480348299, 3535427227, 2181889837, 2748236726])
  assert.is(createRng(1).fork('a').uint32(), 3297330735)
})

rng('treats a number and its text as one seed, and other seeds as unrelated', () => {
  assert.is(createRng(7).uint32(), createRng('7').uint32())
  const first = new Set(Array.from({ length: 1000 }, (_, seed) => createRng(seed).uint32()))
  assert.is(first.size, 1000)
})

rng('draws whole numbers uniformly, for bounds that do not divide 2^32 too', () => {
  for (const bound of [2, 3, 10, 64]) {
    const counts = new Array<number>(bound).fill(0)
    const source = createRng('integers')
    for (let i = 0; i < 20_000; i++) counts[source.integer(bound)]++
    const expected = 20_000 / bound
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    const degrees = bound - 1
    assert.ok(chiSquared < degrees + 5 * Math.sqrt(2 * degrees), `bound ${bound}: chi squared ${chiSquared}`)
  }
})

rng('draws uniform numbers of mean 1/2 and variance 1/12, exact in float32', () => {
  const source = createRng('uniform')
  const { mean, variance, values } = moments(() => source.uniform())
  assert.ok(Math.abs(mean - 1 / 2) < 0.006, `mean ${mean}`)
  assert.ok(Math.abs(variance - 1 / 12) < 0.003, `variance ${variance}`)
  for (const value of values) assert.ok(value >= 0 && value < 1 && value === Math.fround(value), `${value}`)
})

rng('draws normal numbers of mean 0, variance 1 and fourth moment 3', () => {
  const source = createRng('normal')
  const { mean, variance, values } = moments(() => source.normal())
  const fourth = values.reduce((sum, value) => sum + value ** 4 / values.length, 0)
  assert.ok(Math.abs(mean) < 0.02, `mean ${mean}`)
  assert.ok(Math.abs(variance - 1) < 0.03, `variance ${variance}`)
  assert.ok(Math.abs(fourth - 3) < 0.2, `fourth moment ${fourth}`)
})

rng('forks a stream that does not depend on what was drawn before', () => {
  const used = createRng('parent')
  for (let i = 0; i < 10; i++) used.normal()
  assert.is(used.fork('child').uint32(), createRng('parent').fork('child').uint32())
  const parent = createRng('parent')
  parent.fork('child').uint32()
  assert.is(parent.uint32(), createRng('parent').uint32(), 'forking draws nothing from the parent')
})

rng('forks streams that do not follow each other', () => {
  const parent = createRng('parent')
  const pairs: [string, () => number, () => number][] = [
    ['siblings', drawsOf(parent.fork(0)), drawsOf(parent.fork(1))],
    ['parent and child', drawsOf(createRng('parent')), drawsOf(parent.fork(0))],
    ['seeds', drawsOf(createRng(1)), drawsOf(createRng(2))]
  ]
  for (const [label, first, second] of pairs) {
    let product = 0
    for (let i = 0; i < 20_000; i++) product += (first() - 0.5) * (second() - 0.5)
    const correlation = (12 * product) / 20_000
    assert.ok(Math.abs(correlation) < 5 / Math.sqrt(20_000), `${label}: correlation ${correlation}`)
  }
})

rng('shuffles into every order equally often, keeping every item', () => {
  const counts = new Map<string, number>()
  const source = createRng('shuffle')
  for (let i = 0; i < 6000; i++) {
    const order = shuffle([1, 2, 3], source).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  assert.equal([...counts.keys()].sort(), ['123', '132', '213', '231', '312', '321'])
  for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order}: ${count} of 6000`)
})

rng('keeps streams apart whose labels, joined, read the same', () => {
  assert.is.not(createRng(1).fork('a').fork('b').uint32(), createRng(1).fork('a/b').uint32())
})

rng.run()

function drawsOf(source: { uniform(): number }): () => number {
  return () => source.uniform()
}

function moments(draw: () => number): { mean: number; variance: number; values: number[] } {
  const values = Array.from({ length: 20_000 }, draw)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance, values }
}
