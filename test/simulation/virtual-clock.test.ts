import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VirtualClock } from '../../simulation/virtual-clock.js'

const virtualClock = suite('VirtualClock')

/** A clock, and what has happened on it. */
function bench(windowMs?: number): { clock: VirtualClock; happened: string[]; note: (what: string) => () => void } {
  const clock = new VirtualClock(windowMs)
  const happened: string[] = []
  const note = (what: string) => (): void => {
    happened.push(`${what} ${clock.nowMs}`)
  }
  return { clock, happened, note }
}

function letHappen(clock: VirtualClock): void {
  while (clock.step() !== false);
}

virtualClock('goes from event to event by time', () => {
  const { clock, happened, note } = bench()
  clock.afterAt(1, 7, note('b'))
  clock.afterAt(2, 3, () => clock.afterAt(2, 2, note('a')))
  clock.after(7, note('swarm'))
  clock.afterAt(0, 12, note('c'))
  letHappen(clock)
  assert.equal(happened, ['a 5', 'swarm 7', 'b 7', 'c 12'])
  assert.is(clock.events, 5)
})

virtualClock('goes from node to node within a window, and from window to window', () => {
  const { clock, happened, note } = bench(10)
  clock.afterAt(1, 2, note('b'))
  clock.afterAt(0, 9, note('a'))
  clock.afterAt(0, 4, () => clock.afterAt(0, 3, note('a')))
  clock.afterAt(0, 11, note('a'))
  clock.afterAt(1, 5, note('b'))
  letHappen(clock)
  assert.equal(happened, ['a 7', 'a 9', 'b 2', 'b 5', 'a 11'])
})

virtualClock('lets happen to the swarm what is due when all before it has happened, and nothing after it', () => {
  const { clock, happened, note } = bench(10)
  for (const atMs of [1, 4, 6, 8, 12]) for (const node of [1, 0]) clock.afterAt(node, atMs, note(String(node)))
  clock.after(6, () => {
    note('swarm')()
    clock.after(2, note('swarm'))
    clock.afterAt(0, 1, note('0'))
  })
  letHappen(clock)
  const [first, second] = [
    ['0 1', '0 4', '1 1', '1 4', 'swarm 6'],
    ['0 6', '0 7', '1 6', 'swarm 8']
  ]
  assert.equal(happened, [...first, ...second, '0 8', '1 8', '0 12', '1 12'])
})

virtualClock("waits for what a node's event has happen to the swarm", () => {
  const { clock, happened, note } = bench(10)
  clock.afterAt(0, 1, () => clock.after(2, note('swarm')))
  for (const atMs of [2, 3, 5]) for (const node of [0, 1]) clock.afterAt(node, atMs, note(String(node)))
  letHappen(clock)
  assert.equal(happened, ['0 2', '1 2', 'swarm 3', '0 3', '0 5', '1 3', '1 5'])
})

virtualClock.run()
