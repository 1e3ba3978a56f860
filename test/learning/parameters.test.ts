import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allFinite,
  axpy,
  consensusDistance,
  createLayout,
  elementCount,
  squaredDistance,
  takeSteps
} from '../../learning/parameters.js'
import { tile, TILE_LENGTH } from '../../learning/vector-kernels.js'
import { close } from '../helpers/close.js'

const parameters = suite('parameters')

parameters('layout counts the parameters of every tensor', () => {
  const shapes = [[2, 3], [3], []]
  assert.is(createLayout(shapes.map((shape, i) => ({ name: `tensor ${i}`, shape }))).size, 10)
  assert.is(elementCount([]), 1)
  assert.is(elementCount([4, 0]), 0)
})

parameters('layout hash is FNV-1a of the shapes', () => {
  assert.is(createLayout([]).hash, 'cbf29ce484222325') // the published offset basis: the hash of nothing
  const shapes = [
    { name: 'kernel', shape: [2, 3] },
    { name: 'bias', shape: [3] }
  ]
  assert.is(createLayout(shapes).hash, '9aad5b3deb6b7951') // "[2,3][3]", computed in Python
})

parameters('layout hash tells shapes and their order apart, not names', () => {
  const hashes = [[[6]], [[2, 3]], [[3, 2]], [[2], [3]], [[3], [2]], [[23]]].map(
    shapes => createLayout(shapes.map((shape, i) => ({ name: `tensor ${i}`, shape }))).hash
  )
  assert.is(new Set(hashes).size, hashes.length)
  assert.is(createLayout([{ name: 'a', shape: [6] }]).hash, createLayout([{ name: 'b', shape: [6] }]).hash)
})

parameters('axpy adds a multiple of x to y and leaves x', () => {
  const x = Float32Array.of(1, -2, 3)
  const y = Float32Array.of(10, 20, 30)
  axpy(2, x, y)
  close(y, [12, 16, 36], 0)
  close(x, [1, -2, 3], 0)
})

parameters('squaredDistance is Euclidean', () => {
  assert.is(squaredDistance(Float32Array.of(1, 2), Float32Array.of(4, -2)), 25)
})

parameters('allFinite finds one bad value, and is not misled by large ones', () => {
  const large = new Float32Array(1000).fill(3.4028234663852886e38)
  assert.ok(allFinite(large))
  for (const bad of [NaN, Infinity, -Infinity]) {
    const vector = large.slice()
    vector[500] = bad
    assert.not.ok(allFinite(vector), `${bad}`)
  }
  assert.not.ok(allFinite(Float32Array.of(Infinity, -Infinity)), 'infinities that cancel')
})

const lengths = [1, 2, 3, 5, TILE_LENGTH - 1, TILE_LENGTH, 2 * TILE_LENGTH + 6]

parameters('allFinite looks at every value of a vector of any length', () => {
  for (const length of lengths) {
    const vector = Float32Array.from({ length }, (_, i) => i % 100)
    assert.ok(allFinite(vector), `${length}`)
    for (const bad of [0, length >> 1, length - 1]) {
      const broken = vector.slice()
      broken[bad] = NaN
      assert.not.ok(allFinite(broken), `${bad} of ${length}`)
      assert.ok(allFinite(broken.subarray(bad + 1)), `behind ${bad} of ${length}`)
    }
  }
})

parameters('takeSteps adds to what was worked out what came meanwhile, and takes nothing that is not finite', () => {
  for (const length of lengths) {
    const start = Float32Array.from({ length }, (_, i) => i % 100)
    const times = (factor: number): Float32Array => start.map(value => factor * value)
    // Where kernels look for a vector is for it to say.
    const works = [times(5), tile.scratchOurs.vector(length)]
    for (const work of works) {
      const label = `length ${length}`
      work.set(times(5))
      const alone = times(3)
      assert.ok(takeSteps(alone, work, undefined), label)
      close(alone, times(5), 0, label)
      work.set(times(5))
      const changed = times(3)
      assert.ok(takeSteps(changed, work, start), label)
      close(changed, times(7), 0, label)
      const [still, base] = [times(3), start.slice()]
      assert.ok(takeSteps(still, still, undefined), label)
      assert.ok(takeSteps(still, base, base), label)
      close(still, times(3), 0, label)
      assert.not.ok(takeSteps(still.fill(NaN), still, undefined), label)
      for (const bad of [0, length >> 1, length - 1]) {
        for (const base of [undefined, start]) {
          work.set(times(5))
          work[bad] = NaN
          assert.not.ok(takeSteps(changed, work, base), `${bad} of ${length}`)
          close(changed, times(7), 0, `${bad} of ${length}`)
        }
      }
    }
  }
})

parameters('consensusDistance is the root mean square of distances to the mean', () => {
  assert.is(consensusDistance([]), 0)
  assert.is(consensusDistance([Float32Array.of(1, 2)]), 0)
  close([consensusDistance([Float32Array.of(3, 4), Float32Array.of(-3, -4)])], [5], 1e-12, 'two at distance 5 from 0')
  // x_i = i for i = 0 .. n - 1 has variance (n^2 - 1) / 12.
  const line = Array.from({ length: 10 }, (_, i) => Float32Array.of(i + 100))
  close([consensusDistance(line)], [Math.sqrt(99 / 12)], 1e-9, 'on a line')
})

parameters('consensusDistance agrees with the mean over pairs', () => {
  // sum over i < j of ||x_i - x_j||^2 = n * sum over i of ||x_i - mean||^2
  const models = [
    [1, 5, -2],
    [0, 2, 2],
    [7, -1, 0],
    [3, 3, 3]
  ].map(values => Float32Array.from(values))
  let pairs = 0
  models.forEach((x, i) =>
    models.slice(i + 1).forEach(y => {
      pairs += squaredDistance(x, y)
    })
  )
  close([consensusDistance(models) ** 2], [pairs / 16], 1e-9)
})

parameters.run()
