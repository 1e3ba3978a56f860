import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nothing, type Averaging, type Step } from '../../learning/averaging/averaging.js'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { close } from '../helpers/close.js'
import { MachineBench, ofType, only, reasons, type MachineOptions } from '../helpers/machine.js'

const machine = suite('round machine')
const LENGTH = 3
/** Of a machine that knows nothing of its neighbours yet. */
const firstDeadlineMs = 4000
const deadline = { minMs: 1000, maxMs: 16_000 }

function bench(peers: readonly string[], options: MachineOptions = {}): MachineBench {
  const node = new MachineBench(createAveraging('d-psgd', LENGTH), LENGTH, options)
  node.members(peers)
  node.start()
  return node
}

machine('counts rounds and local steps', () => {
  const node = new MachineBench(createAveraging('d-psgd', LENGTH), LENGTH, { localSteps: 5, round: 10 })
  assert.equal(node.start(), [{ type: 'train', round: 11, firstStep: 0, steps: 5 }])
  assert.equal(only(node.trained(), 'train'), { type: 'train', round: 12, firstStep: 5, steps: 5 })
})

machine('starts once', () => {
  const node = bench([])
  assert.equal(node.start(), [])
  assert.is(node.machine.round, 1)
})

machine('trains a copy of the model', () => {
  const node = bench([])
  close(node.work, node.parameters, 0)
  node.work.fill(9)
  close(node.parameters, [1, 1, 1], 0)
})

machine('finishes after its last round', () => {
  const node = bench([], { rounds: 2 })
  node.trained()
  const actions = node.trained()
  assert.equal(
    actions.map(({ type }) => type),
    ['averaged', 'finished']
  )
  assert.equal([node.machine.phase, node.machine.round], ['finished', 2])
  for (const later of [node.start(), node.trained(), node.timeout()]) assert.equal(later, [])
})

machine('has nothing to train when its last round was done before', () => {
  for (const round of [2, 3]) {
    const node = new MachineBench(createAveraging('d-psgd', LENGTH), LENGTH, { rounds: 2, round })
    assert.equal(node.start(), [{ type: 'finished', round }])
  }
})

machine('rests until a round has taken its least time', () => {
  const node = bench([], { minRoundMs: 100, rounds: 3 })
  node.nowMs = 30
  assert.is(only(node.trained(), 'wait').untilMs, 100)
  assert.is(node.machine.phase, 'resting')
  node.nowMs = 110
  assert.is(only(node.timeout(), 'train').round, 2)
  assert.is(only(node.trained(), 'wait').untilMs, 210)
  node.nowMs = 210
  node.timeout()
  assert.equal(
    node.trained().map(({ type }) => type),
    ['averaged', 'finished'],
    'no rest after the last round'
  )
})

machine('keeps waiting when a timeout comes early', () => {
  const node = bench(['a'], { minRoundMs: 1e6 })
  const { untilMs } = only(node.trained(), 'wait')
  node.nowMs = untilMs - 1
  assert.equal(node.timeout(), [{ type: 'wait', untilMs }])
  node.nowMs = untilMs
  only(node.timeout(), 'averaged')
  assert.equal(node.timeout(), [{ type: 'wait', untilMs: 1e6 }])
})

machine('ignores a timeout during local steps', () => {
  const node = bench(['a'])
  node.nowMs = 1e6
  assert.equal(node.timeout(), [])
  assert.is(node.machine.phase, 'training')
})

machine('uses an update that came while it was training', () => {
  const node = bench(['a'])
  assert.equal(node.model('a', 1), [])
  const actions = node.trained()
  assert.equal(only(actions, 'averaged').averagedWith, ['a'])
  assert.equal(ofType(actions, 'wait'), [], 'nothing is left to wait for')
  assert.equal(
    actions.map(({ type }) => type),
    ['send', 'averaged', 'train']
  )
})

machine('holds an update for the next round until then', () => {
  const node = bench(['a', 'b'])
  node.model('a', 1)
  assert.equal(node.model('a', 2, 9), [])
  assert.equal(
    node.trained().map(({ type }) => type),
    ['send', 'send', 'wait']
  )
  assert.equal(only(node.model('b', 1), 'averaged').averagedWith, ['a', 'b'])
  node.trained()
  assert.equal(node.machine.awaited, ['b'])
})

machine('does not wait for a neighbour that is a round ahead, and is in step with it in the next', () => {
  const node = bench(['a', 'b'])
  node.model('b', 1)
  node.trained()
  const { missed, averagedWith } = only(node.model('a', 2, 9), 'averaged')
  assert.equal([missed, averagedWith], [['a'], ['b']])
  close(node.parameters, new Float32Array(LENGTH).fill(Math.fround(1 + 2 / 3)), 1e-6)
  node.model('b', 2)
  assert.equal(only(node.trained(), 'averaged').averagedWith, ['a', 'b'])
})

machine('ends a round when the last that it can still hear has spoken', () => {
  const node = bench(['a', 'b'])
  node.trained()
  assert.equal(node.model('a', 2, 9), [])
  assert.equal(node.machine.awaited, ['b'])
  const { missed, averagedWith } = only(node.model('b', 1), 'averaged')
  assert.equal([missed, averagedWith], [['a'], ['b']])
})

machine('takes up the round that all its neighbours have reached', () => {
  const node = bench(['a', 'b'])
  node.model('a', 12)
  node.model('b', 11)
  const actions = node.trained()
  assert.equal(
    ofType(actions, 'send').map(({ update }) => update.round),
    [11, 11]
  )
  assert.equal(only(actions, 'averaged').averagedWith, ['b'])
  assert.is(only(actions, 'train').round, 12)
})

machine('believes the lower median of its neighbours, silent ones counting as its own round', () => {
  const cases: [rounds: number[], reached: number][] = [
    [[50], 50],
    [[50, 0], 1],
    [[50, 0, 0], 1],
    [[50, 40, 0], 40],
    [[50, 40, 0, 0], 1],
    [[50, 40, 30, 0], 30],
    [[2], 2]
  ]
  for (const [rounds, reached] of cases) {
    const node = bench(rounds.map((_, i) => `p${i}`))
    rounds.forEach((round, i) => {
      if (round > 0) node.model(`p${i}`, round)
    })
    assert.is(ofType(node.trained(), 'send')[0].update.round, reached, rounds.join())
  }
})

machine('catches up to its last round, not beyond', () => {
  const node = bench(['a'], { rounds: 5 })
  node.model('a', 9)
  assert.is(only(node.trained(), 'finished').round, 5)
})

machine('never goes back', () => {
  const node = bench(['a'], { round: 20 })
  assert.equal(reasons(node.model('a', 15)), ['stale'])
  assert.is(only(node.trained(), 'send').update.round, 21)
})

machine('holds what comes before the start and during a rest, but not for the round that is over', () => {
  const idle = new MachineBench(createAveraging('d-psgd', LENGTH), LENGTH, { round: 4 })
  idle.members(['a'])
  assert.equal(reasons(idle.model('a', 4)), ['stale'])
  assert.equal(idle.model('a', 5), [])
  idle.start()
  assert.equal(only(idle.trained(), 'averaged').averagedWith, ['a'])

  const resting = bench(['a'], { minRoundMs: 100 })
  resting.model('a', 1)
  resting.trained()
  assert.is(resting.machine.phase, 'resting')
  assert.equal(reasons(resting.model('a', 1)), ['stale'])
  assert.equal(resting.model('a', 2), [])
  resting.nowMs = 100
  resting.timeout()
  assert.equal(only(resting.trained(), 'averaged').averagedWith, ['a'])
})

machine('refuses everything once it has finished', () => {
  const node = bench(['a'], { rounds: 1 })
  node.model('a', 1)
  node.trained()
  assert.equal(
    [1, 2, 3, 2_000_000].flatMap(round => reasons(node.model('a', round))),
    ['stale', 'surplus', 'surplus', 'too-far-ahead']
  )
  close(node.parameters, [2, 2, 2], 0)
})

machine('refuses an update that it holds already', () => {
  const node = bench(['a'])
  node.model('a', 1, 3)
  assert.equal(reasons(node.model('a', 1, 9)), ['duplicate'])
  node.trained()
  close(node.parameters, [2, 2, 2], 0)
})

machine('holds two updates of a peer, whatever it sends', () => {
  const node = bench(['a', 'b'])
  const refused = [1, 2, 3, 4, 5].map(round => reasons(node.model('a', round)))
  assert.equal(refused, [[], [], ['stale'], ['stale'], ['stale']])
})

machine('keeps what an expected peer sends until it is a neighbour', () => {
  const node = bench(['a'])
  node.members(['a'], ['b'])
  node.trained()
  assert.equal(node.model('b', 1), [], 'during the averaging')
  assert.equal(reasons(node.model('b', 1)), ['duplicate'])
  node.members(['a', 'b'])
  assert.equal(node.machine.awaited, ['a'])
  assert.equal(only(node.model('a', 1), 'averaged').averagedWith, ['a', 'b'])
})

machine('forgets what a peer sent that is neither neighbour nor expected any more', () => {
  for (const [neighbours, expected] of [
    [['a', 'b'], []],
    [['a'], ['b']]
  ]) {
    const node = bench(['a'])
    node.members(neighbours, expected)
    node.model('b', 1)
    node.members(['a'])
    node.members(['a', 'b'])
    node.trained()
    assert.equal(node.machine.awaited, ['a', 'b'])
  }
})

machine('keeps what a neighbour sent whose link is lost for a while', () => {
  const node = bench(['a', 'b'])
  node.model('b', 1)
  node.members(['a'], ['b'])
  node.members(['a', 'b'])
  node.trained()
  assert.equal(node.machine.awaited, ['a'])
})

/** What the machine waits at most, from the end of its local steps. */
function deadlineOf(node: MachineBench): number {
  return only(node.trained(), 'wait').untilMs - node.nowMs
}

machine('waits longer for neighbours that were late', () => {
  const node = bench(['a'], { deadline })
  assert.is(deadlineOf(node), firstDeadlineMs)
  node.nowMs = firstDeadlineMs
  node.timeout()
  node.nowMs = firstDeadlineMs + 2000
  assert.equal(reasons(node.model('a', 1)), ['stale'])
  assert.is(deadlineOf(node), 2 * (firstDeadlineMs + 2000))
})

machine('waits shorter for neighbours that were there before', () => {
  const node = bench(['a', 'b', 'c'], { deadline })
  for (const peer of ['a', 'b']) node.model(peer, 1)
  assert.is(deadlineOf(node), deadline.minMs)
})

machine('waits for a dead neighbour no longer than for one that it does not know', () => {
  const node = bench(['a'], { deadline })
  deadlineOf(node)
  node.nowMs = 3000
  node.model('a', 1)
  assert.is(deadlineOf(node), 6000)
  node.nowMs += 6000
  node.timeout()
  node.members([])
  node.members(['b'])
  assert.is(deadlineOf(node), firstDeadlineMs)
})

machine('waits for a silent neighbour once, and again when it is heard', () => {
  const node = bench(['a', 'b'])
  node.trained()
  node.model('a', 1)
  node.nowMs += 1e6
  assert.equal(only(node.timeout(), 'averaged').missed, ['b'])
  node.trained()
  assert.equal(node.machine.awaited, ['a'], 'b costs no second deadline')
  assert.equal(only(node.model('a', 2), 'averaged').missed, ['b'])
  node.model('b', 1)
  node.trained()
  assert.equal(node.machine.awaited, ['a', 'b'], 'b was heard')
})

machine('waits again for all of several neighbours that fell silent at once', () => {
  const node = bench(['a', 'b'], { deadline })
  const silence = (): void => {
    node.trained()
    node.nowMs += 1e6
    node.timeout()
  }
  silence()
  node.trained()
  assert.equal(node.machine.awaited, ['a', 'b'], 'it may be our own link')
  node.model('a', 2)
  node.nowMs += 1e6
  assert.equal(only(node.timeout(), 'averaged').averagedWith, ['a'])
  node.trained()
  assert.equal(node.machine.awaited, ['a'], 'b alone is silent')
})

machine('does not learn from peers that have left how long to wait', () => {
  const node = bench(['a'], { deadline })
  deadlineOf(node)
  node.nowMs = 3000
  node.model('a', 1)
  node.members(['b'])
  assert.is(deadlineOf(node), firstDeadlineMs)
})

/** A node whose strategy keeps pace, after a round; `hear` hands in something of a peer that is of no use, but was heard. */
function pacing(round: number, peers: readonly string[]) {
  const node = new MachineBench(createAveraging('anti-entropy', LENGTH), LENGTH, { deadline, round })
  node.members(peers)
  node.start()
  const hear = (peer: string, of: number): void => {
    node.update(peer, { kind: 'model', round: of, payload: new Uint8Array() })
  }
  return { node, hear }
}

machine('follows neighbours that are far ahead of one that keeps pace, but not those that are near', () => {
  for (const [ahead, reached] of [
    [4, 1],
    [9, 9]
  ]) {
    const { node, hear } = pacing(0, ['a', 'b'])
    for (const peer of ['a', 'b']) hear(peer, ahead)
    assert.is(only(node.trained(), 'averaged').round, reached)
  }
})

machine('waits on for most neighbours when these are behind one that keeps pace, for a while', () => {
  const { node, hear } = pacing(4, ['a', 'b', 'c'])
  const { untilMs } = only(node.trained(), 'wait')
  for (const peer of ['a', 'b']) hear(peer, 1)
  node.nowMs = untilMs
  only(node.timeout(), 'wait')
  assert.is(node.machine.round, 5, 'two of three are behind')
  node.nowMs = 20_000
  const { missed } = only(node.timeout(), 'averaged')
  assert.equal(missed, ['a', 'b', 'c'])
})

machine('begins local steps where its strategy says, and adds what they change to the parameters', () => {
  const averaging: Averaging = {
    name: 'leads',
    synchronous: false,
    beginSteps(start) {
      for (let i = 0; i < LENGTH; i++) start[i] += 2
    },
    trained: () => nothing,
    received: () => nothing,
    membersChanged: () => nothing,
    timedOut: () => nothing,
    awaited: () => ['a']
  }
  const node = new MachineBench(averaging, LENGTH)
  node.start()
  close(node.parameters, new Float32Array(LENGTH).fill(1), 0)
  close(node.machine.start, new Float32Array(LENGTH).fill(3), 0)
  close(node.work, node.machine.start, 0)
  node.work.fill(7)
  node.trained()
  close(node.parameters, new Float32Array(LENGTH).fill(5), 0)
})

machine('tells its strategy how large the swarm is, which has at least the node and its neighbours', () => {
  const sizes: number[] = []
  const ended: Step = { ...nothing, ended: { averagedWith: [], neighbourDistance: undefined } }
  const averaging: Averaging = {
    name: 'counts',
    synchronous: true,
    trained({ swarmSize }) {
      sizes.push(swarmSize)
      return ended
    },
    received: () => nothing,
    membersChanged: () => nothing,
    timedOut: () => ended,
    awaited: () => []
  }
  const node = new MachineBench(averaging, LENGTH)
  node.start()
  node.trained()
  node.machine.handle({ type: 'members', neighbours: [{ peer: 'a', weight: 0.5 }], swarmSize: 9, nowMs: 0 })
  node.trained()
  node.members([])
  node.machine.handle({ type: 'members', neighbours: [{ peer: 'a', weight: 0.5 }], nowMs: 0 })
  node.trained()
  assert.equal(sizes, [1, 9, 2])
})

machine.run()
