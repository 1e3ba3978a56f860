import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidTaskError } from '../../protocols/errors.js'
import { decodeTask, maxTaskBytes, parseTask, taskBytes, taskId } from '../../protocols/task.js'
import { createRng } from '../../learning/rng.js'
import { flipBytes, randomBytes, sampleTask } from './fixtures.js'

type Json = Record<string, unknown>

const tasks = suite('task')
const text = Buffer.from(taskBytes(sampleTask)).toString()

/** A copy with one field, named by its path, changed. */
function changed(path: string, value: unknown): Json {
  const copy = structuredClone(sampleTask) as unknown as Json
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  let at = copy
  for (const step of steps) at = at[step] as Json
  at[last] = value
  return copy
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, reversed(one)])
  )
}

function invalid(run: () => unknown, what: string): InvalidTaskError {
  try {
    run()
  } catch (error) {
    assert.instance(error, InvalidTaskError, `${what}: ${String(error)}`)
    return error as InvalidTaskError
  }
  return assert.unreachable(`${what} was accepted`) as never
}

tasks('has one id for all time', () => {
  assert.is(taskId(sampleTask), '793e6ef3125134ea728198671b57fb4b5faa7ac0ff88e79d0dfcecf9050cbd8a')
})

tasks('says what was found and what was expected', () => {
  const { message } = invalid(() => parseTask(changed('localSteps', 'many')), 'a word')
  assert.is(message, 'task field localSteps: Invalid input: expected number, received string')
})

tasks('is written down the same whatever the order of its keys', () => {
  const other = parseTask(reversed(sampleTask))
  assert.is.not(JSON.stringify(other), JSON.stringify(sampleTask))
  assert.is(Buffer.from(taskBytes(other)).toString(), text)
  assert.is(taskId(other), taskId(sampleTask))
})

tasks('has another id when anything in it differs', () => {
  const paths = ['name', 'seed', 'localSteps', 'training.learningRate', 'model.class_name', 'schema.label.classes.0']
  const ids = paths.map(path => taskId(parseTask(changed(path, /name|class/.test(path) ? 'other' : 7))))
  assert.is(new Set([...ids, taskId(sampleTask)]).size, paths.length + 1)
})

tasks('reads back what it wrote', () => {
  const { task, id } = decodeTask(taskBytes(sampleTask))
  assert.equal(task, sampleTask)
  assert.is(id, taskId(sampleTask))
})

const wrong: [path: string, value: unknown][] = [
  ['version', 2],
  ['name', 'Has Capitals'],
  ['name', 'x'.repeat(65)],
  ['model', []],
  ['schema.kind', 'sound'],
  ['schema.inputShape', []],
  ['schema.inputShape.0', 0],
  ['schema.inputShape.0', 1e9],
  ['schema.columns', []],
  ['schema.columns.0.kind', 'date'],
  ['schema.columns.0.scaling.deviation', 0],
  ['schema.columns.1.categories', []],
  ['schema.standardise', 'maybe'],
  ['schema.label.kind', 'sound'],
  ['schema.label.classes', ['only one']],
  ['training.loss', 'guess'],
  ['training.optimizer', 'magic'],
  ['training.learningRate', 0],
  ['training.learningRate', Infinity],
  ['training.momentum', 1],
  ['training.batchSize', 1.5],
  ['localSteps', -1],
  ['averaging', 5],
  ['topology', undefined],
  ['compress', null],
  ['seed', 1e300]
]

tasks('names the field that is wrong', () => {
  for (const [path, value] of wrong) {
    const { message } = invalid(() => parseTask(changed(path, value)), `${path} = ${String(value)}`)
    assert.ok(message.startsWith(`task field ${path}: `), `${path} = ${String(value)}: ${message}`)
  }
  for (const value of [null, 5, 'task', [], undefined]) {
    assert.match(invalid(() => parseTask(value), String(value)).message, '(top)')
  }
})

tasks('names a field that it does not know', () => {
  assert.match(invalid(() => parseTask(changed('extra', 1)), 'extra').message, '"extra"')
  const nested = invalid(() => parseTask(changed('training.extra', 1)), 'training.extra').message
  assert.match(nested, /^task field training: .*"extra"/)
})

const hostile: [what: string, text: string][] = [
  ['nothing', ''],
  ['no JSON', '{'],
  ['a space behind', `${text} `],
  ['keys in another order', JSON.stringify(reversed(sampleTask))],
  ['arrays nested deeply', text.replace('"Sequential"', '['.repeat(200_000) + ']'.repeat(200_000))],
  ['objects nested deeply', text.replace('"Sequential"', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000))],
  ['deep nesting at the top', '['.repeat(500_000)],
  ['a prototype', text.replace('"model":{', '"model":{"__proto__":{"polluted":true},')],
  ['a prototype at the top', text.replace('{', '{"__proto__":{"polluted":true},')],
  ['an infinite number', text.replace('0.05', '1e999')],
  ['an infinite number in the model', text.replace('"units":3', '"units":1e999')],
  ['a number of many digits', text.replace('0.05', `0.05${'0'.repeat(100_000)}`)],
  ['a key twice', text.replace('"seed":1', '"seed":2,"seed":1')],
  ['1 MiB of spaces', ' '.repeat(1024 * 1024 - text.length) + text],
  ['a task above the limit', text.replace('Sequential', 'x'.repeat(maxTaskBytes))],
  ['a long unknown key', text.replace('{', `{"${'x'.repeat(100_000)}":1,`)]
]

tasks('refuses hostile bytes with nothing but InvalidTaskError, in a short message', () => {
  for (const [what, json] of hostile) {
    const { message } = invalid(() => decodeTask(Buffer.from(json)), what)
    assert.ok(message.length <= 300, `${what}: message of ${message.length} characters`)
  }
  invalid(() => decodeTask(Buffer.concat([Buffer.from(text.slice(0, -1)), Uint8Array.of(0xff, 0x7d)])), 'broken UTF-8')
  invalid(() => decodeTask(Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), Buffer.from(text)])), 'a byte order mark')
  assert.is(({} as Json).polluted, undefined)
})

tasks('makes a task or an InvalidTaskError of any bytes', () => {
  const rng = createRng('tasks')
  for (let round = 0; round < 2000; round++) {
    const bytes = round % 4 === 0 ? randomBytes(rng.integer(200), round) : Buffer.from(text)
    flipBytes(bytes, 1 + rng.integer(3), rng)
    try {
      assert.is(taskId(decodeTask(bytes).task), decodeTask(bytes).id)
    } catch (error) {
      assert.instance(error, InvalidTaskError, `round ${round}: ${String(error)}`)
    }
  }
})

tasks('is refused before it is announced when nobody could be told of it', () => {
  const large = parseTask(changed('model.class_name', 'x'.repeat(maxTaskBytes)))
  assert.match(invalid(() => taskId(large), 'a large task').message, `at most ${maxTaskBytes}`)
})

tasks.run()
