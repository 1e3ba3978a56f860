import * as assert from 'uvu/assert'

/**
 * Assert that two vectors agree within `tolerance` in every coordinate. The message shows the first difference alone.
 *
 * @param label - which case this is
 */
export function close(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 1e-6,
  label = 'vector'
): void {
  assert.is(actual.length, expected.length, `${label}: length ${actual.length}, expected ${expected.length}`)
  let differing = 0
  let first = -1
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN differs from everything.
    if (Math.abs(actual[i] - expected[i]) <= tolerance) continue
    if (first < 0) first = i
    differing++
  }
  if (differing === 0) return
  assert.unreachable(
    `${label}: index ${first} is ${actual[first]}, expected ${expected[first]} within ${tolerance} ` +
      `(${differing} of ${expected.length} differ)`
  )
}
