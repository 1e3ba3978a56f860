import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { createRng } from '../../learning/rng.js'
import { Changes } from '../helpers/changes.js'
import { within } from '../helpers/within.js'
import type { Check } from './check.js'

/** What carries updates between peers, whatever the network below; `protocols/exchange.ts` is the one over libp2p. */
export interface ExchangeTransport {
  readonly links: readonly string[]
  isOpen(peer: string): boolean
  close(peer: string): void
  send(peer: string, update: Update): number
  drained(): Promise<void>
}

/** One side of a pair of which each can reach the other. Nothing is open yet. */
export interface ExchangeSide {
  readonly id: string
  readonly exchange: ExchangeTransport
  open(peer: string): Promise<void>
}

export interface ExchangeEvents {
  onUpdate(from: string, update: Update): void
  onLinksChanged(): void
}

export interface ExchangePair {
  readonly sides: readonly [ExchangeSide, ExchangeSide]
  stop(): Promise<void>
}

/** Creates a pair that carries updates of up to 4 MiB; `events` are those of each side. */
export type CreateExchangePair = (events: readonly [ExchangeEvents, ExchangeEvents]) => Promise<ExchangePair>

interface Received {
  readonly from: string
  readonly update: Update
}

interface Situation {
  readonly a: ExchangeSide
  readonly b: ExchangeSide
  readonly received: { readonly a: Received[]; readonly b: Received[] }
  /** How often `onLinksChanged` of each side was called. */
  readonly changed: { a: number; b: number }
  readonly changes: Changes
  readonly openBoth: () => Promise<void>
}

/** What every exchange transport must do. */
export function exchangeCompliance(createPair: CreateExchangePair): Check[] {
  const check = (name: string, run: (situation: Situation) => Promise<void>): Check => ({
    name,
    run: () => within(inSituation(createPair, run), 15_000, `the check that it ${name}`)
  })
  return [
    check('starts without links', async ({ a, b }) => {
      assert.equal([a.exchange.links, b.exchange.links], [[], []])
      assert.is(a.exchange.isOpen(b.id), false)
    }),
    check('links two peers when both have opened, not before', async ({ a, b, changes }) => {
      await a.open(b.id)
      assert.ok(a.exchange.isOpen(b.id))
      assert.not.ok(b.exchange.isOpen(a.id), 'only one side has opened')
      assert.equal([a.exchange.links, b.exchange.links], [[], []], 'only one side has opened')
      await b.open(a.id)
      await changes.until(() => a.exchange.links.length + b.exchange.links.length === 2, 'both links')
      assert.equal([a.exchange.links, b.exchange.links], [[b.id], [a.id]])
    }),
    check('tells both sides that the link is complete', async ({ openBoth, changed }) => {
      await openBoth()
      assert.ok(changed.a > 0 && changed.b > 0)
    }),
    check('opens an open link without doing anything', async ({ a, b, openBoth, changed }) => {
      await openBoth()
      const before = { ...changed }
      await a.open(b.id)
      assert.equal(changed, before)
      assert.equal(a.exchange.links, [b.id])
    }),
    check('delivers updates whole, in order, with their true sender', async ({ a, b, received, changes, openBoth }) => {
      await openBoth()
      const kinds = ['model', 'offer', 'answer'] as const
      const sent = [0, 1, 100, 70_000].map((bytes, i) => update(bytes, i * 1000, kinds[i % 3]))
      for (const one of sent) assert.is(a.exchange.send(b.id, one), 0)
      b.exchange.send(a.id, update(7, 9))
      await changes.until(() => received.b.length === sent.length && received.a.length === 1, 'all updates')
      sent.forEach((one, i) => same(received.b[i], a.id, one))
      same(received.a[0], b.id, update(7, 9))
    }),
    check('delivers an update to a peer that has not opened its side', async ({ a, b, received, changes }) => {
      await a.open(b.id)
      a.exchange.send(b.id, update(10, 1))
      await changes.until(() => received.b.length === 1, 'the update')
      same(received.b[0], a.id, update(10, 1))
    }),
    check('delivers updates of 3 MB both ways at once', async ({ a, b, received, changes, openBoth }) => {
      await openBoth()
      const [there, back] = [update(3_000_000, 1), update(3_000_001, 2)]
      a.exchange.send(b.id, there)
      b.exchange.send(a.id, back)
      await changes.until(() => received.a.length === 1 && received.b.length === 1, 'two updates of 3 MB', 10_000)
      same(received.b[0], a.id, there)
      same(received.a[0], b.id, back)
    }),
    check('drops what is sent to nobody', async ({ a, b }) => {
      assert.is(a.exchange.send(b.id, update(1, 1)), 1)
      assert.is(a.exchange.send('nobody', update(1, 1)), 1)
    }),
    check('drops the oldest updates of a queue, and says how many', async ({ a, b, received, changes, openBoth }) => {
      await openBoth()
      const rounds = Array.from({ length: 40 }, (_, round) => round)
      const dropped = rounds.reduce((sum, round) => sum + a.exchange.send(b.id, update(100, round)), 0)
      assert.ok(dropped > 0 && dropped < rounds.length, `${dropped} dropped`)
      await changes.until(() => received.b.length >= rounds.length - dropped, 'what was not dropped')
      const arrived = received.b.map(({ update: { round } }) => round)
      assert.is(arrived.length, rounds.length - dropped)
      // The first may have been under way already.
      assert.equal(arrived.slice(1), rounds.slice(dropped + 1))
    }),
    check('is drained when nothing waits any more, for whoever asks', async ({ a, b, openBoth, received, changes }) => {
      await a.exchange.drained()
      await openBoth()
      await a.exchange.drained()
      a.exchange.send(b.id, update(2_000_000, 1))
      const order: string[] = []
      await Promise.all([
        a.exchange.drained().then(() => order.push('first')),
        a.exchange.drained().then(() => order.push('second'))
      ])
      assert.equal(order, ['first', 'second'])
      await changes.until(() => received.b.length === 1, 'the update')
    }),
    check('shows both sides that one has closed', async ({ a, b, changes, openBoth, changed }) => {
      await openBoth()
      const before = { ...changed }
      a.exchange.close(b.id)
      assert.equal(a.exchange.links, [])
      assert.not.ok(a.exchange.isOpen(b.id))
      await changes.until(() => b.exchange.links.length === 0, 'the other side to notice')
      assert.ok(changed.a > before.a && changed.b > before.b)
      assert.is(a.exchange.send(b.id, update(1, 1)), 1)
    }),
    check('closes what is not open without doing anything', async ({ a, b, changed }) => {
      a.exchange.close(b.id)
      assert.equal(changed, { a: 0, b: 0 })
    }),
    check('opens again after closing', async ({ a, b, received, changes, openBoth }) => {
      await openBoth()
      a.exchange.close(b.id)
      await changes.until(() => b.exchange.links.length === 0, 'the other side to notice')
      await a.open(b.id)
      await changes.until(() => a.exchange.links.length + b.exchange.links.length === 2, 'the link to be back')
      a.exchange.send(b.id, update(5, 3))
      await changes.until(() => received.b.length === 1, 'an update over the new link')
    })
  ]
}

async function inSituation(
  createPair: CreateExchangePair,
  run: (situation: Situation) => Promise<void>
): Promise<void> {
  const changes = new Changes()
  const received: Situation['received'] = { a: [], b: [] }
  const changed = { a: 0, b: 0 }
  const eventsOf = (side: 'a' | 'b'): ExchangeEvents => ({
    onUpdate(from, arrived) {
      received[side].push({ from, update: arrived })
      changes.notify()
    },
    onLinksChanged() {
      changed[side]++
      changes.notify()
    }
  })
  const pair = await createPair([eventsOf('a'), eventsOf('b')])
  const [a, b] = pair.sides
  const openBoth = async (): Promise<void> => {
    await Promise.all([a.open(b.id), b.open(a.id)])
    await changes.until(() => a.exchange.links.length + b.exchange.links.length === 2, 'a complete link')
  }
  try {
    await run({ a, b, received, changed, changes, openBoth })
  } finally {
    await pair.stop()
  }
}

function update(bytes: number, round: number, kind: Update['kind'] = 'model'): Update {
  const rng = createRng(bytes + round)
  const payload = new Uint8Array(bytes)
  for (let i = 0; i < bytes; i += 1 + (i >> 6)) payload[i] = rng.integer(256)
  return { kind, round, payload }
}

function same({ from, update: actual }: Received, sender: string, expected: Update): void {
  const label = `update of ${expected.payload.byteLength} bytes`
  assert.is(from, sender, label)
  assert.equal([actual.kind, actual.round], [expected.kind, expected.round], label)
  assert.is(Buffer.compare(actual.payload, expected.payload), 0, `${label}: other bytes arrived`)
}
