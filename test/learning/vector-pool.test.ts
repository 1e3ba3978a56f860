import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VectorPool } from '../../learning/vector-pool.js'

const pool = suite('VectorPool')

pool('lends no vector twice, and first what was given back', () => {
  const vectors = new VectorPool(3)
  const [a, b] = [vectors.take(), vectors.take()]
  assert.is.not(a, b)
  assert.equal([a.length, b.length], [3, 3])
  vectors.giveBack(a)
  assert.is(vectors.take(), a)
  assert.not([a, b].includes(vectors.take()))
})

pool.run()
