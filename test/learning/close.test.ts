import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { close } from '../helpers/close.js'

const helper = suite('close')

helper('accepts vectors within the tolerance', () => {
  close([1, 2], Float32Array.of(1.001, 2), 0.01)
})

helper('shows the first difference only', () => {
  const message = failure(() => close([1, 2.5, 3, 5], [1, 2, 3, 4], 0.1, 'weights'))
  assert.is(message, 'weights: index 1 is 2.5, expected 2 within 0.1 (2 of 4 differ)')
})

helper('takes NaN and another length for differences', () => {
  assert.is(
    failure(() => close([NaN], [0], 0.5)),
    'vector: index 0 is NaN, expected 0 within 0.5 (1 of 1 differ)'
  )
  assert.is(
    failure(() => close([1], [1, 2])),
    'vector: length 1, expected 2'
  )
})

helper.run()

/** uvu's own `throws` lets assertion errors through. */
function failure(run: () => void): string | undefined {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
}
