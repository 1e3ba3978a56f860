import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ProtocolError } from '../../protocols/errors.js'
import { MemoryQuota, RateQuota } from '../../protocols/quota.js'
import { FakeClock } from '../helpers/fake-clock.js'

const quotas = suite('quotas')

quotas('hold no more memory than they may, and get it back', () => {
  const quota = new MemoryQuota(100)
  const release = quota.reserve(60)
  assert.throws(
    () => quota.reserve(41),
    (error: unknown) => error instanceof ProtocolError && error.fault === 'over-quota'
  )
  assert.is(quota.held, 60, 'what was refused is not counted')
  const other = quota.reserve(40)
  release()
  quota.reserve(60)
  other()
  assert.is(quota.held, 60)
})

quotas('let so many events happen in a time, and a burst of as many', async () => {
  const clock = new FakeClock()
  const quota = new RateQuota(clock, () => 10, 1000)
  const taken = (): number => Array.from({ length: 100 }, () => quota.take()).filter(Boolean).length
  assert.is(taken(), 10)
  assert.is(taken(), 0)
  await clock.advance(250)
  assert.is(taken(), 2)
  await clock.advance(60_000)
  assert.is(taken(), 10, 'what was not used does not add up')
})

quotas.run()
