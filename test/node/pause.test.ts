import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createNode } from '../../node/index.js'
import { fixture } from '../helpers/fixture.js'
import { within } from '../helpers/within.js'

const pause = suite('pausing a node')
const timeoutMs = 10_000

pause('ends the round under way, begins no other, and answers meanwhile', async () => {
  const options = { data: fixture('iris.csv'), listen: ['/ip4/127.0.0.1/tcp/0'], settings: { localSteps: 5 } }
  const node = await createNode(options)
  try {
    await node.open()
    node.start()
    await within(once(node, 'round'), timeoutMs, 'a round')
    node.pause()
    while (node.status().phase !== 'paused') await within(once(node, 'round'), timeoutMs, 'the round under way to end')
    const { paused, round, model } = node.status()
    assert.equal([paused, model.round], [true, round - 1])

    const newcomer = await createNode({ ...options, join: node.addresses })
    assert.is(newcomer.task.seed, node.task.seed)
    await newcomer.stop()
    assert.is((await node.predict([[5.1, 3.5, 1.4, 0.2]])).predictions.length, 1)
    assert.equal([node.status().phase, node.status().round], ['paused', round])

    node.resume()
    const [record] = (await within(once(node, 'round'), timeoutMs, 'a round after that')) as [{ round: number }]
    assert.equal([record.round, node.status().paused], [round, false])
  } finally {
    await node.stop()
  }
})

pause.run()
