import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Update } from '../../learning/averaging/averaging.js'
import { createRng } from '../../learning/rng.js'
import { createTopology } from '../../learning/topology/create-topology.js'
import { parseConditions, type Conditions } from '../../simulation/conditions.js'
import { Messages, type MessageNumber } from '../../simulation/messages.js'
import { Network } from '../../simulation/network.js'
import { VirtualClock } from '../../simulation/virtual-clock.js'

interface Arrival {
  readonly from: number
  readonly to: number
  readonly round: number
  readonly atMs: number
}

const network = suite('Network')

const nodes = 11
const nameOf = (node: number): string => `node ${node}`

/** A network, what arrived over it, and a way to let everything arrive. */
function bench(conditions: Partial<Conditions>): { network: Network; clock: VirtualClock; arrivals: Arrival[] } {
  const clock = new VirtualClock()
  const arrivals: Arrival[] = []
  const messages = new Messages()
  const onArrived = (message: MessageNumber): void => {
    const { round } = messages.update(message)
    arrivals.push({ from: messages.sender(message), to: messages.receiver(message), round, atMs: clock.nowMs })
    messages.forget(message)
  }
  const rng = createRng('network')
  const init = {
    graph: createTopology('complete').graph(nodes, 1),
    peers: Array.from({ length: nodes }, (_, node) => nameOf(node)),
    conditions: parseConditions(conditions),
    rng,
    messages,
    onArrived
  }
  return { network: new Network(clock, init), clock, arrivals }
}

function letArrive(clock: VirtualClock): void {
  while (clock.step() !== false);
}

const update = (round: number): Update => ({ kind: 'model', round, payload: new Uint8Array(1) })

network('sends one message after another, and drops the oldest that waits when a fifth would have to', () => {
  const { network: links, clock, arrivals } = bench({ latency: '10', bandwidth: '0.8' })
  for (let round = 1; round <= 7; round++) links.send(0, nameOf(1), update(round), 100)
  links.send(1, nameOf(0), update(1), 200)
  letArrive(clock)
  // 0.8 Mbit/s is 100 bytes a millisecond. Updates 2 and 3 had to make room.
  assert.equal(arrivals, [
    { from: 0, to: 1, round: 1, atMs: 11 },
    { from: 1, to: 0, round: 1, atMs: 12 },
    { from: 0, to: 1, round: 4, atMs: 12 },
    { from: 0, to: 1, round: 5, atMs: 13 },
    { from: 0, to: 1, round: 6, atMs: 14 },
    { from: 0, to: 1, round: 7, atMs: 15 }
  ])
})

network('loses the share of messages that it was told to, of each link its own', () => {
  const { network: links, clock, arrivals } = bench({ loss: '0.1' })
  for (let round = 0; round < 500; round++) for (let to = 1; to <= 10; to++) links.send(0, nameOf(to), update(round), 1)
  letArrive(clock)
  // Four standard deviations.
  assert.ok(Math.abs(arrivals.length / 5000 - 0.9) < 0.017, `${arrivals.length} of 5000 arrived`)
  const patterns = Array.from({ length: 10 }, (_, i) =>
    arrivals.flatMap(({ to, round }) => (to === i + 1 ? round : [])).join()
  )
  assert.is(new Set(patterns).size, 10)
})

network('finds whoever a message is for, in whatever order neighbours are sent to', () => {
  const { network: links, clock, arrivals } = bench({})
  const sent = [
    [0, 1],
    [0, 2],
    [0, 10],
    [0, 3],
    [10, 0],
    [10, 9],
    [5, 4],
    [5, 6]
  ]
  for (const [from, to] of sent) links.send(from, nameOf(to), update(1), 1)
  letArrive(clock)
  assert.equal(
    arrivals.map(({ from, to }) => [from, to]),
    sent
  )
})

network('draws the latency of a link once, for both directions', () => {
  const { network: links, clock, arrivals } = bench({ latency: 'log-normal:20,1' })
  for (const [from, to] of [
    [0, 1],
    [1, 0],
    [0, 1],
    [0, 2]
  ])
    links.send(from, nameOf(to), update(1), 1)
  letArrive(clock)
  const times = (a: number, b: number): number[] =>
    arrivals.flatMap(({ from, to, atMs }) => ([a, b].includes(from) && [a, b].includes(to) ? atMs : []))
  assert.is(new Set(times(0, 1)).size, 1)
  assert.is(times(0, 1).length, 3)
  assert.is.not(times(0, 2)[0], times(0, 1)[0])
})

network('sends nothing of what waited for a link that was cleared', () => {
  const { network: links, clock, arrivals } = bench({ latency: '0', bandwidth: '0.8' })
  for (let round = 1; round <= 3; round++) links.send(0, nameOf(1), update(round), 100)
  links.clear(0, 1)
  letArrive(clock)
  assert.equal(
    arrivals.map(({ round }) => round),
    [1]
  )
})

network.run()
