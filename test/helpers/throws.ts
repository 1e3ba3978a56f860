import * as assert from 'uvu/assert'

/**
 * Assert that `run` throws an error of this class with exactly this message.
 *
 * @returns the error, for its fields
 */
export function throwsExactly<E extends Error>(
  run: () => unknown,
  type: abstract new (...args: never[]) => E,
  message: string
): E {
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  assert.instance(thrown, type, `expected ${type.name}: ${message}`)
  const error = thrown as E
  assert.is(error.message, message)
  assert.is(error.name, type.name)
  return error
}
