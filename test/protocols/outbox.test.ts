import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Outbox } from '../../protocols/outbox.js'
import { within } from '../helpers/within.js'
import { sampleUpdate } from './fixtures.js'

const outboxes = suite('outbox')

outboxes('keeps the four newest, and says how many it dropped', async () => {
  const outbox = new Outbox()
  const dropped = [0, 1, 2, 3, 4, 5].map(round => outbox.put(sampleUpdate(1, round)))
  assert.equal(dropped, [0, 0, 0, 0, 1, 1])
  const taken: number[] = []
  for await (const next of outbox) if (next !== 'sign of life' && taken.push(next.round) === 4) break
  assert.equal(taken, [2, 3, 4, 5])
})

outboxes('hands over what comes while somebody waits', async () => {
  const outbox = new Outbox()
  const next: Promise<IteratorResult<unknown, unknown>> = outbox[Symbol.asyncIterator]().next()
  const update = sampleUpdate(1, 9)
  outbox.put(update)
  assert.is((await within(next, 1000, 'the update')).value, update)
})

outboxes('is drained when the last update was handed on, not merely taken', async () => {
  const outbox = new Outbox()
  await within(outbox.drained(), 1000, 'an empty box')
  outbox.put(sampleUpdate(1))
  const taker = outbox[Symbol.asyncIterator]()
  let drained = 0
  const waiting = [1, 2].map(() => outbox.drained().then(() => drained++))
  await taker.next()
  assert.is(drained, 0)
  void taker.next()
  await within(Promise.all(waiting), 1000, 'the box to drain')
})

outboxes('hands on a sign of life while there is nothing else, one at most', async () => {
  const outbox = new Outbox()
  const update = sampleUpdate(1)
  const taker = outbox[Symbol.asyncIterator]()
  const taken = async (): Promise<unknown> => (await within(taker.next(), 1000, 'something')).value as unknown
  outbox.beat()
  outbox.beat()
  assert.is(await taken(), 'sign of life')
  outbox.put(update)
  assert.is(await taken(), update)
  outbox.beat() // while the update is on its way
  const next = taken()
  outbox.beat()
  assert.is(await next, 'sign of life')
  outbox.close()
  outbox.beat()
  assert.is((await taker.next()).done, true)
})

outboxes('ends its reader and whoever waits when it is closed, and takes no more', async () => {
  const outbox = new Outbox()
  outbox.put(sampleUpdate(1))
  const taker = outbox[Symbol.asyncIterator]()
  await taker.next()
  const drained = outbox.drained()
  const next = taker.next().then(async () => taker.next())
  outbox.put(sampleUpdate(2))
  outbox.close()
  await within(Promise.all([drained, next]), 1000, 'the end')
  assert.is((await taker.next()).done, true)
  assert.is(outbox.put(sampleUpdate(3)), 1)
  await within(outbox.drained(), 1000, 'a closed box')
})

outboxes.run()
