import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidParametersError } from '../../learning/errors.js'
import { consensusDistance, squaredDistance } from '../../learning/parameters.js'
import { createRng } from '../../learning/rng.js'
import { createSketch } from '../../learning/sketch.js'
import { close } from '../helpers/close.js'

const sketch = suite('sketch')

function normals(length: number, seed: string): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => rng.normal())
}

sketch('keeps squared distances on average over seeds, with a variance of 2 / width', () => {
  const [x, y] = [normals(300, 'x'), normals(300, 'y')]
  const width = 32
  const seeds = 2000
  const ratios = Array.from({ length: seeds }, (_, seed) => {
    const project = createSketch(300, width, seed)
    return squaredDistance(project(x), project(y)) / squaredDistance(x, y)
  })
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / seeds
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - 1) ** 2, 0) / seeds
  // The deviation of one ratio is sqrt(2 / 32) = 0.25, so that of the mean is 0.0056.
  assert.ok(Math.abs(mean - 1) < 0.028, `mean ratio ${mean}`)
  assert.ok(variance > 0.04 && variance < 0.08, `variance ${variance}, expected about ${2 / width}`)
})

sketch('sends each coordinate to one bucket, with both signs and every bucket in use', () => {
  const project = createSketch(400, 8, 1)
  const seen = new Map<string, number>()
  for (let i = 0; i < 400; i++) {
    const unit = new Float32Array(400)
    unit[i] = 1
    const entries = [...project(unit).entries()].filter(([, value]) => value !== 0)
    assert.is(entries.length, 1, `coordinate ${i}`)
    assert.is(Math.abs(entries[0][1]), 1, `coordinate ${i}`)
    seen.set(entries[0].join(), (seen.get(entries[0].join()) ?? 0) + 1)
  }
  assert.is(seen.size, 16)
  for (const [place, count] of seen) assert.ok(count > 5 && count < 60, `${place}: ${count} of 400, expected about 25`)
})

sketch('estimates how far a swarm is from agreeing', () => {
  const models = Array.from({ length: 8 }, (_, node) => normals(5000, `node ${node}`).map(value => 3 + 0.01 * value))
  const project = createSketch(5000, 1024, 7)
  const ratio = consensusDistance(models.map(project)) / consensusDistance(models)
  assert.ok(Math.abs(ratio - 1) < 0.05, `ratio ${ratio}`)
})

sketch('is linear, leaves its argument, and is the same for the same seed only', () => {
  const x = normals(100, 'x')
  const before = x.slice()
  const once = createSketch(100, 16, 5)(x)
  assert.is(once.length, 16)
  close(x, before, 0)
  close(createSketch(100, 16, 5)(x), once, 0)
  close(
    createSketch(100, 16, 5)(x.map(value => 2 * value)),
    once.map(value => 2 * value),
    1e-5,
    'doubled'
  )
  assert.ok(squaredDistance(createSketch(100, 16, 6)(x), once) > 1, 'another seed gives another sketch')
})

sketch('adds up without losing precision on the way', () => {
  const project = createSketch(20_000, 1, 1)
  const [signs] = project(new Float32Array(20_000).fill(1))
  const value = Math.fround(1234.5678)
  const [sum] = project(new Float32Array(20_000).fill(value))
  assert.is(sum, Math.fround(signs * value))
})

sketch('refuses a width that is no whole number above 0', () => {
  for (const width of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => createSketch(10, width, 1),
      (error: unknown) =>
        error instanceof InvalidParametersError &&
        error.message === `a sketch of width ${width}; expected a whole number, at least 1`,
      `${width}`
    )
  }
})

sketch.run()
