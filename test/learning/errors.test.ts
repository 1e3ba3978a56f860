import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidParametersError, MalformedUpdateError, UnknownNameError } from '../../learning/errors.js'

const errors = suite('learning errors')

errors('UnknownNameError names what was looked up and what there is', () => {
  const error = new UnknownNameError('topology', 'rng', ['ring', 'torus'])
  assert.is(error.message, 'unknown topology "rng"; expected one of ring, torus')
  assert.equal([error.kind, error.actual, error.known], ['topology', 'rng', ['ring', 'torus']])
})

errors('carry their own names and causes', () => {
  const cause = new TypeError('inner')
  const all = [
    new UnknownNameError('topology', 'x', []),
    new InvalidParametersError('message', { cause }),
    new MalformedUpdateError('message', { cause })
  ]
  assert.equal(
    all.map(({ name }) => name),
    ['UnknownNameError', 'InvalidParametersError', 'MalformedUpdateError']
  )
  assert.is(all[1].cause, cause)
  assert.is(all[2].cause, cause)
  for (const error of all) assert.instance(error, Error)
})

errors.run()
