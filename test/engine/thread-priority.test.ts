import { existsSync, readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildModel } from '../../engine/models.js'
import { Trainer } from '../../engine/trainer.js'
import { CLASSIFY, randomDataset } from './fixtures.js'

const priority = suite('priority of training')

function priorities(): number[] {
  return readdirSync('/proc/self/task').map(thread => getPriority(Number(thread)))
}

priority('is below that of all other threads, on Linux', async () => {
  if (!existsSync('/proc/thread-self')) return
  const before = priorities()
  const data = randomDataset(8, 4, 2)
  const topology = buildModel('softmax', [4], 2, CLASSIFY.loss)
  const trainer = await Trainer.create({ topology, training: CLASSIFY, data: { train: data, test: data }, seed: 1 })
  try {
    const usual = Math.max(...before)
    const lower = priorities().filter(value => value > usual)
    assert.equal(lower, [Math.min(19, usual + 5)], `all others have ${usual}`)
  } finally {
    await trainer.stop()
  }
})

priority.run()
