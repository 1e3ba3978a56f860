import * as assert from 'uvu/assert'
import type { Averaging, Update } from '../../learning/averaging/averaging.js'
import { close } from '../helpers/close.js'
import { compressorOf, MachineBench, ofType, only, reasons, type MachineOptions } from '../helpers/machine.js'
import {
  commonAveragingChecks,
  decodeUnchecked,
  KINDS,
  LENGTH,
  onEachGraph,
  startedOf,
  swarmOf,
  unchanged
} from './averaging.js'
import type { Check } from './check.js'

/** What every averaging strategy must do whose messages are one-way: no round of it waits for anybody. */
export function oneWayAveragingCompliance(create: (length: number) => Averaging): Check[] {
  return [...commonAveragingChecks(create), ...oneWayChecks(create)]
}

function oneWayChecks(create: (length: number) => Averaging): Check[] {
  return [
    {
      name: 'waits for nobody: a round ends with its local steps',
      run() {
        const node = startedOf(create, ['a'])
        for (let round = 1; round <= 3; round++) {
          const actions = node.trained()
          const { missed, averagedWith } = only(actions, 'averaged')
          assert.equal([missed, averagedWith, ofType(actions, 'wait')], [[], [], []])
          assert.is(only(actions, 'train').round, round + 1)
          assert.equal(node.machine.awaited, [])
          close(node.parameters, new Float32Array(LENGTH).fill(1), 0, `round ${round}`)
        }
      }
    },
    {
      name: 'moves towards a neighbour when its message arrives, and reports it with its round',
      run() {
        const node = startedOf(create, ['a'])
        node.trained()
        assert.equal(ofType(node.update('a', messageOf(create, 3)), 'reject'), [])
        close(node.parameters, new Float32Array(LENGTH).fill(2), 1e-6)
        const { averagedWith, neighbourDistance } = only(node.trained(), 'averaged')
        assert.equal(averagedWith, ['a'])
        assert.is(neighbourDistance, 2 * Math.sqrt(LENGTH))
        assert.equal(only(node.trained(), 'averaged').averagedWith, [])
      }
    },
    {
      name: 'keeps the local steps that were under way when a message arrived',
      run() {
        const node = startedOf(create, ['a'])
        node.trained()
        node.work.fill(1.5)
        node.update('a', messageOf(create, 3))
        node.trained()
        close(node.parameters, new Float32Array(LENGTH).fill(2.5), 1e-6)
      }
    },
    {
      name: 'refuses a payload that is malformed',
      run() {
        const update = messageOf(create, 3)
        for (const bytes of [0, 1, update.payload.length - 1, update.payload.length + 1]) {
          const node = startedOf(create, ['a'])
          node.trained()
          unchanged(node, () => node.update('a', { ...update, payload: new Uint8Array(bytes) }), 'malformed')
          assert.equal(only(node.trained(), 'averaged').averagedWith, [], `${bytes} bytes`)
        }
      }
    },
    {
      name: 'refuses a model that is not finite, from whatever compressor',
      run() {
        const compressor = { ...compressorOf('float32', LENGTH), decode: decodeUnchecked }
        for (const value of [NaN, Infinity, -Infinity]) {
          const node = startedOf(create, ['a'], { compressor })
          node.trained()
          unchanged(node, () => node.update('a', messageOf(create, value, { compressor })), 'not-finite')
        }
      }
    },
    {
      name: 'refuses what is of another kind, from a stranger, or there already',
      run() {
        const node = startedOf(create, ['a'])
        const update = messageOf(create, 3)
        for (const kind of KINDS.filter(kind => kind !== update.kind)) {
          unchanged(node, () => node.update('a', { ...update, kind }), 'unexpected')
        }
        unchanged(node, () => node.update('stranger', update), 'not-a-neighbour')
        node.update('a', update)
        unchanged(node, () => node.update('a', update), 'duplicate')
      }
    },
    {
      name: 'gives no peer more than its share of a round, and each the same in the next',
      run() {
        const node = startedOf(create, ['a', 'b'])
        node.trained()
        const flood = Array.from({ length: 100 }, (_, i) => ({ ...messageOf(create, 1), round: i + 1 }))
        const refused = flood.flatMap(update => reasons(node.update('a', update)))
        assert.ok(refused.length >= 68, `only ${refused.length} of 100 refused`)
        assert.equal(new Set(refused), new Set(['surplus']))
        assert.equal(reasons(node.update('b', messageOf(create, 1))), [], 'another peer')
        node.trained()
        assert.equal(reasons(node.update('a', { ...messageOf(create, 1), round: 101 })), [], 'the next round')
      }
    },
    {
      name: 'draws anew in every round what its compressor needs',
      run() {
        const compressor = compressorOf('quantize:4', LENGTH)
        const node = startedOf(create, [], { compressor })
        const model = Float32Array.from({ length: LENGTH }, (_, k) => Math.sin(k))
        const sent = ['a', 'b'].map(peer => {
          node.parameters.set(model)
          node.work.set(node.machine.start)
          node.members([peer])
          return only(node.trained(), 'send').update.payload
        })
        assert.not.equal(sent[0], sent[1])
      }
    },
    {
      name: 'leaves no model outside of the range of those that there were',
      run() {
        onEachGraph((init, label) => {
          const averaged = swarmOf(create, { ...init, loss: 0.1 })
          const before = averaged.models.map(model => model.slice())
          averaged.start().run()
          for (const model of averaged.models) {
            for (const [k, value] of model.entries()) {
              const all = before.map(other => other[k])
              const inside = value >= Math.min(...all) - 1e-5 && value <= Math.max(...all) + 1e-5
              assert.ok(inside, `${label}: ${value} among ${all.join()}`)
            }
          }
        })
      }
    }
  ]
}

/** What a node whose model is all `value` sends in its first round. */
export function messageOf(create: (length: number) => Averaging, value: number, options: MachineOptions = {}): Update {
  const sender = new MachineBench(create(LENGTH), LENGTH, options)
  sender.parameters.fill(value)
  sender.members(['node'])
  sender.start()
  return ofType(sender.trained(), 'send')[0].update
}
