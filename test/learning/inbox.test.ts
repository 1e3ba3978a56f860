import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { Inbox } from '../../learning/inbox.js'

const inbox = suite('inbox')

function update(round: number): Update {
  return { kind: 'model', round, payload: Uint8Array.of(round) }
}

/** Hold updates of these rounds, in this order, while round 5 is under way. */
function holding(...rounds: number[]): { box: Inbox; displaced: (number | undefined)[] } {
  const box = new Inbox()
  return { box, displaced: rounds.map(round => box.hold(update(round), 5)?.round) }
}

inbox('hands out what was sent for the round that is asked for, once', () => {
  const { box } = holding(5, 6)
  assert.equal(box.take(5), update(5))
  assert.is(box.take(5), undefined)
  assert.equal(box.take(6), update(6))
  assert.is(box.newestHeld, 0)
})

inbox('does not hand out a later update in place of the one that is missing', () => {
  const { box } = holding(6)
  assert.is(box.take(5), undefined)
  assert.is(box.newestHeld, 6)
})

inbox('keeps the first and the newest, in whatever order they come', () => {
  for (const [rounds, displaced] of [
    [[5, 6, 9], 6],
    [[5, 9, 6], 6],
    [[9, 6, 5], 6],
    [[6, 5, 9], 6]
  ] as const) {
    const held = holding(...rounds)
    assert.equal(held.displaced, [undefined, undefined, displaced], rounds.join())
    assert.equal(
      [5, 6, 9].map(round => held.box.has(round)),
      [true, false, true],
      rounds.join()
    )
    assert.is(held.box.newestHeld, 9, rounds.join())
  }
})

inbox('lets what is over make room first', () => {
  const { box } = holding(5, 8)
  assert.is(box.hold(update(9), 8), undefined)
  assert.equal(
    [5, 8, 9].map(round => box.has(round)),
    [false, true, true]
  )
})

inbox.run()
