import { multiaddr } from '@multiformats/multiaddr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRng } from '../../learning/rng.js'
import { Contacts } from '../../node/contacts.js'
import { FakeClock } from '../helpers/fake-clock.js'

const contacts = suite('contacts')
const address = multiaddr('/ip4/10.0.0.1/tcp/4101')

function create() {
  const clock = new FakeClock()
  const dialled: number[] = []
  const settled = new Set<string>()
  const saved: string[] = []
  const warned: string[] = []
  const ignore = (): void => {}
  const made = new Contacts({
    dial: async () => {
      dialled.push(clock.now())
      throw new Error('nobody there')
    },
    isSettled: key => settled.has(key),
    save: async text => void saved.push(text),
    clock,
    log: { error: ignore, warn: message => void warned.push(message), info: ignore, debug: ignore },
    rng: { ...createRng(1), uniform: () => 0 }
  })
  return { contacts: made, clock, dialled, settled, saved, warned }
}

contacts('are dialled with backoff while they are away, and soon again when lost', async () => {
  const { contacts: made, clock, dialled, settled } = create()
  made.add('peer', [address])
  made.start()
  await clock.advance(40_000)
  assert.equal(
    dialled,
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17, 20, 23, 26, 30, 34, 39].map(each => 1000 * each)
  )
  settled.add('peer')
  await clock.advance(100_000)
  assert.is(dialled.length, 20, 'who is here is left alone')
  settled.delete('peer')
  await clock.advance(4000)
  assert.is(dialled.length, 24)
  await clock.advance(1_000_000)
  const [before, last] = dialled.slice(-2)
  assert.is(last - before, 60_000, 'at most a minute apart')
  const { length } = dialled
  made.stop()
  await clock.advance(100_000)
  assert.is(dialled.length, length)
})

contacts('are kept for the next start, with their latest addresses', async () => {
  const { contacts: made, clock, saved } = create()
  const newer = multiaddr('/ip4/10.0.0.2/tcp/4101')
  made.add('peer', [address])
  made.add('peer', [newer])
  made.addAddress(address)
  made.start()
  await clock.advance(10_000)
  assert.is(saved.length, 1, 'only when something has changed')
  const other = create()
  other.contacts.load(saved[0])
  other.contacts.start()
  await other.clock.advance(0)
  assert.is(other.dialled.length, 2)
  assert.equal(other.saved, [])
  for (const each of [made, other.contacts]) each.stop()
})

contacts('leave what cannot be read, and keep a bounded number', async () => {
  const { contacts: made, clock, saved, warned } = create()
  for (const text of ['', '{}', '[{"key":"x","addresses":["nonsense"]}]']) made.load(text)
  assert.is(warned.length, 3)
  for (let i = 0; i < 300; i++) made.add(`peer ${i}`, [address])
  made.start()
  await clock.advance(0)
  const kept = JSON.parse(saved[0]) as { key: string }[]
  assert.equal([kept.length, kept[0].key], [256, 'peer 44'])
  made.stop()
})

contacts.run()
