import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Deadline, type DeadlineBounds } from '../../learning/deadline.js'
import { Waits } from '../../learning/waits.js'
import { testDeadline } from '../helpers/machine.js'

const deadline = suite('deadline')

/** A deadline, with the waits of its peers by name. */
class Watch {
  readonly #deadline: Deadline
  readonly #waits = new Map<string, Waits>()
  #peers: readonly { readonly waits: Waits }[] = []

  constructor(bounds: DeadlineBounds) {
    this.#deadline = new Deadline(bounds)
  }

  trained(round: number, nowMs: number): void {
    this.#deadline.trained(round, nowMs)
  }

  heard(peer: string, round: number, nowMs: number): void {
    this.#deadline.heard(this.#waitsOf(peer), round, nowMs)
  }

  forget(peer: string): void {
    this.#deadline.forget(this.#waitsOf(peer))
  }

  #waitsOf(peer: string): Waits {
    const known = this.#waits.get(peer)
    if (known !== undefined) return known
    const waits = new Waits()
    this.#waits.set(peer, waits)
    this.#peers = [...this.#peers, { waits }]
    return waits
  }

  leaves(peer: string): void {
    const waits = this.#waits.get(peer)
    this.#waits.delete(peer)
    this.#peers = this.#peers.filter(other => other.waits !== waits)
  }

  get ms(): number {
    return this.#deadline.ms(this.#peers)
  }
}

/** A deadline that saw each peer wait this long in rounds 1, 2, ...; a round a second. */
function after(waits: Readonly<Record<string, readonly number[]>>): Watch {
  const seen = new Watch(testDeadline)
  const rounds = Math.max(...Object.values(waits).map(({ length }) => length))
  for (let round = 1; round <= rounds; round++) {
    seen.trained(round, round * 1000)
    for (const [peer, ms] of Object.entries(waits)) {
      if (round <= ms.length) seen.heard(peer, round, round * 1000 + ms[round - 1])
    }
  }
  return seen
}

const steady = (ms: number): number[] => new Array<number>(10).fill(ms)

deadline('is in the middle of its bounds while nothing is known', () => {
  assert.is(new Watch({ minMs: 100, maxMs: 10_000 }).ms, 1000)
})

deadline('gives a neighbour twice its median and 8 median deviations', () => {
  assert.is(after({ a: steady(2000) }).ms, 4000)
  assert.is(after({ a: [2000, 2100, 1900, 2000, 2200] }).ms, 2 * (2000 + 8 * 100))
  assert.is(after({ a: [100, 300, 100, 300, 500] }).ms, 2 * (300 + 8 * 200))
})

deadline('stays within its bounds', () => {
  assert.is(after({ a: steady(0) }).ms, testDeadline.minMs)
  assert.is(after({ a: steady(1e6) }).ms, testDeadline.maxMs)
})

deadline('is not decided by one slow peer among many', () => {
  assert.is(after({ a: steady(600), b: steady(9000), c: steady(700) }).ms, 1400)
  assert.is(after({ a: steady(9000), b: steady(600), c: steady(700), d: steady(500) }).ms, 1400)
})

deadline('waits for a slow half of the neighbours', () => {
  assert.is(after({ a: steady(600), b: steady(9000) }).ms, 18_000)
})

deadline('follows a neighbour that becomes slower or faster', () => {
  assert.is(after({ a: [...steady(9000), ...steady(2000)] }).ms, 4000)
  assert.is(after({ a: [...steady(2000), ...steady(9000)] }).ms, 18_000)
})

deadline('learns from an update that comes after its round', () => {
  const late = new Watch(testDeadline)
  for (let round = 1; round <= 8; round++) late.trained(round, round * 1000)
  late.heard('a', 1, 9000)
  assert.is(late.ms, 16_000)
})

deadline('knows nothing of rounds long over or still to come', () => {
  const seen = new Watch({ minMs: 1, maxMs: 10_000 })
  for (let round = 1; round <= 9; round++) seen.trained(round, round * 1000)
  for (const round of [-1, 0, 1, 10, 1e9, NaN]) seen.heard('a', round, 9000)
  assert.is(seen.ms, 100)
})

deadline('forgets the rounds before a jump', () => {
  const seen = new Watch({ minMs: 1, maxMs: 10_000 })
  for (let round = 1; round <= 3; round++) seen.trained(round, 0)
  seen.trained(1000, 0)
  for (const round of [1, 2, 3]) seen.heard('a', round, 9000)
  assert.is(seen.ms, 100)
})

deadline('counts a peer once a round, however often it speaks', () => {
  const seen = after({ a: steady(1500) })
  for (let i = 0; i < 100; i++) seen.heard('a', 10, 90_000)
  for (const past of [9, 8, 7, 6, 5, 4, 3]) seen.heard('a', past, 90_000)
  assert.is(seen.ms, 3000)
})

deadline('does not count a peer that it waited for in vain, until it is heard again', () => {
  const seen = after({ a: steady(1000), b: steady(9000) })
  assert.is(seen.ms, 18_000)
  seen.forget('b')
  assert.is(seen.ms, 2000)
  seen.heard('b', 10, 10_000 + 12_000)
  assert.is(seen.ms, 24_000)
})

deadline('changes with every wait that counts, and with its peers', () => {
  const seen = after({ a: steady(1500) })
  const known = seen.ms
  assert.is(seen.ms, known)
  for (let round = 11; round <= 26; round++) {
    seen.trained(round, 100_000)
    seen.heard('a', round, 103_000)
  }
  assert.is(seen.ms, 6000)
  seen.trained(27, 200_000)
  seen.heard('b', 27, 210_000)
  assert.is(seen.ms, 20_000)
  seen.leaves('b')
  assert.is(seen.ms, 6000)
})

deadline.run()
