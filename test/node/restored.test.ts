import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LayerList } from '../../engine/models/layer-configs.js'
import { createNode, type MurmurNode, type NodeOptions } from '../../node/index.js'
import { fixture } from '../helpers/fixture.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { within } from '../helpers/within.js'

const restored = suite('a node restored from its checkpoint')

const model = new LayerList().hidden(8).add('BatchNormalization').output(3, 'softmax').topology([4])
const rows = [
  [5.1, 3.5, 1.4, 0.2],
  [6.7, 3.0, 5.2, 2.3]
]

async function withNode<T>(options: Partial<NodeOptions>, run: (node: MurmurNode) => Promise<T>): Promise<T> {
  const local: NodeOptions = { data: fixture('iris.csv'), listen: ['/ip4/127.0.0.1/tcp/0'], backend: 'plan', rounds: 3 }
  const node = await createNode({ ...local, ...options })
  try {
    return await run(node)
  } finally {
    await node.stop()
  }
}

restored(
  'predicts as before, with the running statistics of its batch normalisation, and says where its model is from',
  async () => {
    const home = temporaryFolder().path
    const before = await withNode({ home, settings: { model, localSteps: 20 } }, async node => {
      const finished = once(node, 'finished')
      node.start()
      await within(finished, 20_000, 'three rounds')
      assert.is(node.status().model.origin, 'learned')
      return node.predict(rows)
    })
    await withNode({ home }, async node => {
      const { origin, round } = node.status().model
      assert.equal([origin, round, node.status().round], ['checkpoint', 3, 3])
      const { predictions, round: predictedBy } = await node.predict(rows)
      assert.equal([predictions, predictedBy], [before.predictions, 3])
    })
  }
)

for (const roundMemory of ['quasi-global', 'outer']) {
  restored(`goes on with ${roundMemory} momentum as if it had never stopped, bit for bit`, async () => {
    const [stopped, whole] = [temporaryFolder().path, temporaryFolder().path]
    const settings = { model: 'softmax', averaging: 'd-psgd', localSteps: 3, roundMemory }
    const learn = (home: string, rounds: number): Promise<Float32Array> =>
      withNode({ home, settings, rounds }, async node => {
        const finished = once(node, 'finished')
        node.start()
        await within(finished, 20_000, `${rounds} rounds`)
        return node.parameters
      })
    await learn(whole, 0)
    cpSync(whole, stopped, { recursive: true })
    const third = await learn(stopped, 3)
    const sixth = await learn(stopped, 6)
    assert.equal(sixth, await learn(whole, 6))
    assert.not.equal(sixth, third)
  })
}

restored.run()
