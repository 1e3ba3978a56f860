import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { lifecycles } from '../helpers/lifecycles.js'

const library = suite('createNode')
const script = fileURLToPath(new URL('../helpers/lifecycles.js', import.meta.url))
/** A process that something keeps alive is ended after this long. */
const timeoutMs = 15_000

type Lifecycles = typeof lifecycles

/** Live a node's life in a process that must then end by itself. */
async function live<N extends keyof Lifecycles>(name: N): Promise<Awaited<ReturnType<Lifecycles[N]>>> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, name], { timeout: timeoutMs })
  assert.is(stderr, '')
  return JSON.parse(stdout) as Awaited<ReturnType<Lifecycles[N]>>
}

library('two nodes of one process learn together and answer', async () => {
  const { linked, rounds, answers, ids } = await live('learnTogether')
  assert.equal(linked, [true, true])
  for (const [i, records] of rounds.entries()) {
    assert.is(records.at(-1)!.round, 5, `node ${i}`)
    assert.ok(records.at(-1)!.evaluation!.accuracy! >= 0.8, `node ${i}: ${JSON.stringify(records.at(-1))}`)
    const met = records.filter(({ averagedWith }) => averagedWith.includes(ids[1 - i]))
    assert.ok(met.length > 0, `node ${i} averaged with the other`)
    const { predictions, round, version } = answers[i]
    assert.match(JSON.stringify(predictions), /^\[\{"kind":"class","label":"setosa"/)
    assert.is(round, 5, `node ${i} answers from its last model`)
    assert.is(version, records.length + 1, `node ${i} had a model a round, and one before`)
  }
})

library('goes back to the last good model when steps end in numbers that are not finite, and learns on', async () => {
  const { warnings, last, answer } = await live('learnFromBrokenRow')
  const { round, evaluation } = last!
  assert.is(round, 60)
  assert.ok(warnings.length > 0 && warnings.length < round, `${warnings.length} of ${round} rounds met the broken row`)
  for (const warning of warnings) assert.match(warning, /not finite; they were discarded/)
  assert.ok(evaluation!.accuracy! >= 0.8, JSON.stringify(last))
  assert.match(JSON.stringify(answer.predictions), /"label":"setosa","probabilities":\{"setosa":0\.\d/)
})

library('can be stopped twice, and leaves nothing behind', () => live('stopTwice').then(() => {}))

library('can be stopped while it opens', () => live('stopWhileOpening').then(() => {}))

library('gives up waiting for neighbours when it is stopped', async () => {
  assert.is(await live('stopWhileLinking'), false)
})

library('closes what is open when creating fails half way', async () => {
  assert.equal(await live('failHalfWay'), ['InvalidDataError', 'JoinError', 'UnusableEngineError'])
})

library.run()
