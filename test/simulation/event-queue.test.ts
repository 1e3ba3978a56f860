import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createRng } from '../../learning/rng.js'
import { EventQueue } from '../../simulation/event-queue.js'

const eventQueue = suite('EventQueue')

eventQueue('gives back what is due first, and among equals what came first', () => {
  const rng = createRng('queue')
  const queue = new EventQueue<number>()
  const pushed = Array.from({ length: 2000 }, (_, order) => ({ atMs: rng.integer(50), order }))
  const popped: number[] = []
  for (const { atMs, order } of pushed) queue.push(atMs, order)
  assert.is(queue.size, 2000)
  while (queue.size > 0) popped.push(queue.pop()!)
  const sorted = [...pushed].sort((a, b) => a.atMs - b.atMs || a.order - b.order)
  assert.equal(
    popped,
    sorted.map(({ order }) => order)
  )
})

eventQueue('gives back window by window, then node by node, then by time', () => {
  const rng = createRng('windows')
  const queue = new EventQueue<number>(10)
  const pushed = Array.from({ length: 2000 }, (_, order) => {
    return { atMs: rng.integer(500) / 10, node: rng.integer(20), order }
  })
  for (const { atMs, node, order } of pushed) queue.push(atMs, order, 0, node)
  const popped: number[] = []
  while (queue.size > 0) {
    const [atMs, node] = [queue.nextMs, queue.nextNode]
    const order = queue.pop()!
    popped.push(order)
    assert.equal([pushed[order].atMs, pushed[order].node], [atMs, node])
  }
  const windowOf = (atMs: number): number => Math.floor(atMs / 10)
  const sorted = [...pushed].sort(
    (a, b) => windowOf(a.atMs) - windowOf(b.atMs) || a.node - b.node || a.atMs - b.atMs || a.order - b.order
  )
  assert.equal(
    popped,
    sorted.map(({ order }) => order)
  )
})

eventQueue('takes in new entries while others are taken out', () => {
  const rng = createRng('mixed')
  const queue = new EventQueue<number>()
  const due: number[] = []
  let last = 0
  for (let i = 0; i < 2000; i++) {
    due.push(last + rng.integer(20))
    queue.push(due[i], i, -i)
    if (i % 3 === 0) continue
    const [atMs, detail] = [queue.nextMs, queue.nextDetail]
    const item = queue.pop()!
    assert.ok(atMs >= last, `entry ${i}`)
    assert.equal([due[item], -item], [atMs, detail], `entry ${i}`)
    last = atMs
  }
})

eventQueue('has nothing to give when it is empty', () => {
  const queue = new EventQueue<number>()
  assert.equal([queue.pop(), queue.nextMs], [undefined, Infinity])
  queue.push(1, 1)
  queue.pop()
  assert.is(queue.pop(), undefined)
})

eventQueue.run()
