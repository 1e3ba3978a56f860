import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Batches, gatherLabels, gatherRows } from '../../engine/batches.js'
import { close } from '../helpers/close.js'

const batches = suite('batches')

function take(source: Batches, from: number, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => [...source.at(from + i)])
}

batches('show each row at most once an epoch, and leave out the smaller last batch', () => {
  const source = new Batches(10, 3, 1)
  assert.is(source.perEpoch, 3)
  const rows = take(source, 0, 3).flat()
  assert.is(new Set(rows).size, 9)
  assert.ok(rows.every(row => row >= 0 && row < 10))
})

batches('differ from epoch to epoch and from seed to seed', () => {
  const source = new Batches(100, 100, 1)
  assert.not.equal([...source.at(0)], [...source.at(1)])
  assert.not.equal([...source.at(0)], [...new Batches(100, 100, 2).at(0)])
})

batches('are those of an uninterrupted run after a restart in the middle of an epoch', () => {
  const whole = take(new Batches(50, 8, 7), 0, 20)
  const resumed = take(new Batches(50, 8, 7), 9, 11)
  assert.equal(resumed, whole.slice(9))
})

batches('are the data set when that is smaller than a batch', () => {
  const source = new Batches(3, 32, 1)
  assert.is(source.size, 3)
  assert.equal([...source.at(5)].sort(), [0, 1, 2])
})

batches('of no rows are refused', () => {
  assert.throws(() => new Batches(0, 32, 1), /no rows/)
})

batches('are gathered in their order, scaled', () => {
  const data = {
    rows: 3,
    inputShape: [2],
    features: Uint8Array.of(0, 1, 2, 3, 4, 5),
    scale: 0.5,
    labels: Float32Array.of(7, 8, 9)
  }
  const features = new Float32Array(4)
  const labels = new Float32Array(2)
  gatherRows(data, Uint32Array.of(2, 0), features)
  gatherLabels(data, Uint32Array.of(2, 0), 1, labels)
  close(features, [2, 2.5, 0, 0.5], 0)
  close(labels, [9, 7], 0)
})

batches.run()
