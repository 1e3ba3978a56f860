import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseRows } from '../../dashboard/csv.js'
import { levelOf } from '../../dashboard/levels.js'
import { apply, modelOf } from '../../dashboard/model.js'
import type * as wire from '../../dashboard/wire.js'
import { activity, bytes, duration } from '../../dashboard/words.js'
import type { LiveDelta, LiveSnapshot } from '../../node/http/live.js'
import { liveState } from '../helpers/live.js'

const parts = suite('parts of the page')

const columns: wire.Column[] = [
  { name: 'length', kind: 'number' },
  { name: 'colour', kind: 'category', categories: ['red', 'light, blue'] }
]

parts('what the server tells is what the page reads', () => {
  // Checked by the compiler, both ways: neither side may know a field that the other does not.
  const snapshot = (told: LiveSnapshot): wire.Snapshot & LiveSnapshot => told satisfies wire.Snapshot
  const delta = (told: LiveDelta): wire.Delta & LiveDelta => told satisfies wire.Delta
  const back = (read: wire.Snapshot): LiveSnapshot => read
  const deltaBack = (read: wire.Delta): LiveDelta => read
  assert.is([snapshot, delta, back, deltaBack].length, 4)
})

parts('rows of CSV with a header, without one, with the label, and quoted', () => {
  const expected = [{ length: '1.5', colour: 'light, blue' }]
  assert.equal(parseRows('1.5,"light, blue"', columns), expected)
  assert.equal(parseRows(' 1.5 , "light, blue", rose\r\n', columns), expected)
  assert.equal(
    parseRows('species,colour,length\nrose,"light, blue",1.5\n', columns).map(({ length, colour }) => ({
      length,
      colour
    })),
    expected
  )
  assert.equal(parseRows(',"say ""hi"""', columns), [{ length: '', colour: 'say "hi"' }])
  assert.throws(() => parseRows('1', columns), /Row 1 has 1 values; expected 2: length, colour/)
  assert.throws(() => parseRows(' \n', columns), /No row/)
  assert.throws(() => parseRows('length,colour', columns), /Only a header/)
})

parts('a delta changes what it names and nothing else', () => {
  const model = modelOf({ state: { ...liveState(3, 1), uptimeSeconds: 60 }, rounds: [], notes: [] })
  const [first] = model.nodes.values()
  apply(model, { state: { round: 2 }, nodes: [{ ...first, state: 'gone' }], links: [], rounds: [], notes: [] })
  assert.equal([model.state.round, model.state.task.name, model.nodes.size], [2, 'tulips', 3])
  assert.equal(
    [...model.nodes.values()].map(({ state }) => state),
    ['gone', 'learning', 'learning']
  )
  assert.is(activity(model), '2 nodes learning, 1 gone')
})

parts('says what a node does in words', () => {
  const { nodes, ...state } = liveState(5, 1)
  const [first, ...others] = nodes
  const neighbours = others.map(({ peer }) => peer)
  const saying = (node: Partial<wire.Node>, own: readonly wire.Node[] = others): string =>
    activity(
      modelOf({
        state: { ...state, kind: 'node', self: first.peer, uptimeSeconds: 0, nodes: [{ ...first, ...node }, ...own] },
        rounds: [],
        notes: []
      })
    )
  const awaited = [others[2].peer]
  assert.is(saying({ state: 'averaging', neighbours, awaited }), 'averaging with 3 of 4 neighbours')
  assert.is(saying({ state: 'training', neighbours }), 'training on its own rows')
  assert.is(saying({ state: 'training', neighbours: [] }, []), 'training alone')
  assert.is(saying({ state: 'resting' }), 'resting until the next round')
})

parts('figures for people', () => {
  assert.equal([0, 999, 1000, 15_940_000, 2.5e9].map(bytes), ['0 B', '999 B', '1.00 kB', '15.9 MB', '2.50 GB'])
  assert.equal([5.9, 61, 7260].map(duration), ['5 s', '1 min 1 s', '2 h 1 min'])
  assert.equal([null, -3, 0.49, 0.5, 0.95, 1].map(levelOf), ['none', '0', '0', '1', '4', '4'])
})

parts.run()
