import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Peers, type PeerRecord } from '../../learning/peers.js'

const peers = suite('peers')

function knowing(...names: string[]): Peers {
  const known = new Peers()
  known.set(
    names.map(peer => ({ peer, weight: 1 / 4 })),
    [],
    1
  )
  return known
}

peers('are in step until one is silent, and again once it was heard', () => {
  const two = knowing('a', 'b')
  assert.ok(two.areInStep(1))
  two.silence(two.get('a')!)
  two.forgiveSilence()
  assert.not(two.areInStep(1))
  two.get('a')!.isSilent = false
  two.forgiveSilence()
  assert.ok(two.areInStep(1))
})

peers('are all waited for again when all were silent, but one alone is not', () => {
  for (const [names, isForgiven] of [
    [['a', 'b'], true],
    [['a'], false]
  ] as const) {
    const all = knowing(...names)
    for (const name of names) all.silence(all.get(name)!)
    all.forgiveSilence()
    assert.is(all.areInStep(1), isForgiven, names.join())
    for (const name of names) assert.is(all.get(name)!.isSilent, !isForgiven, name)
  }
})

peers('are out of step with a round that one is ahead of', () => {
  const two = knowing('a', 'b')
  two.heard(3)
  two.heard(2)
  assert.equal(
    [1, 2, 3, 4].map(round => two.haveReached(round)),
    [true, true, true, false]
  )
  assert.equal(
    [2, 3].map(round => two.areInStep(round)),
    [false, true]
  )
})

peers('count among them who is expected to become a neighbour', () => {
  const both = new Peers()
  both.set([{ peer: 'b', weight: 1 / 4 }], ['a'], 1)
  assert.equal(
    both.all.map(({ isNeighbour }) => isNeighbour),
    [false, true]
  )
  both.silence(both.get('a')!)
  both.forgiveSilence()
  assert.not(both.areInStep(1))
})

peers('go on counting the exchanges of one that has left and returned, until the next round', () => {
  const one = knowing('a')
  const again = (round: number): PeerRecord => {
    one.set([], [], round)
    one.set([], [], round)
    one.set([{ peer: 'a', weight: 1 / 4 }], [], round)
    return one.get('a')!
  }
  assert.is(one.get('a')!.countOffer(1), 1)
  assert.is(again(1).countOffer(1), 2)
  assert.is(again(2).countOffer(2), 1)
  assert.is(again(3).offersIn(2), 0)
})

peers('may open the exchange of a round anew once they were no neighbours', () => {
  const one = knowing('a')
  one.get('a')!.offeredRound = 5
  one.set([{ peer: 'a', weight: 1 / 4 }], [], 1)
  assert.is(one.get('a')!.offeredRound, 5)
  one.set([], ['a'], 1)
  assert.is(one.get('a')!.offeredRound, -1)
})

peers.run()
