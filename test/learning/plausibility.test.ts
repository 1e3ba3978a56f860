import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Plausibility } from '../../learning/averaging/plausibility.js'

const plausibility = suite('plausibility')
const norm = 9
const ours = Float32Array.of(0, norm)

function admits(judge: Plausibility, distance: number): boolean {
  return judge.admits(distance * distance, ours)
}

plausibility('believes a neighbour up to ten norms away, and no number that is none', () => {
  assert.ok(admits(new Plausibility(), 10 * (norm + 1)))
  for (const distance of [10.1 * (norm + 1), 1e30, Infinity, NaN]) {
    assert.not.ok(admits(new Plausibility(), distance), `distance ${distance}`)
  }
  assert.ok(new Plausibility().admits(9, new Float32Array(2)), 'a model of zeros')
})

plausibility('takes the norm of all values, wherever they are', () => {
  const even = new Float32Array(1000).fill(0.3)
  const atTheEnd = new Float32Array(1000)
  atTheEnd[999] = norm
  for (const model of [even, atTheEnd]) {
    const most = 10 * (Math.sqrt(model.reduce((sum, value) => sum + value ** 2, 0)) + 1)
    assert.ok(new Plausibility().admits((0.999 * most) ** 2, model))
    assert.not.ok(new Plausibility().admits((1.001 * most) ** 2, model))
  }
})

plausibility('believes the other side of a partition, however near its own side is', () => {
  const judge = new Plausibility()
  for (let i = 0; i < 40; i++) assert.ok(admits(judge, 0.001))
  assert.ok(admits(judge, norm))
})

plausibility('is not moved by one liar among three', () => {
  const judge = new Plausibility()
  for (let round = 0; round < 200; round++) {
    assert.ok(admits(judge, 1), `round ${round}`)
    assert.ok(admits(judge, 1.2), `round ${round}`)
    assert.not.ok(admits(judge, 300), `round ${round}`)
  }
})

plausibility('believes the others after a while when all of them are far', () => {
  const judge = new Plausibility()
  let refused = 0
  while (!admits(judge, 300)) refused++
  assert.is(refused, 8)
  const experienced = new Plausibility()
  for (let i = 0; i < 32; i++) admits(experienced, 1)
  for (refused = 0; !admits(experienced, 300);) refused++
  assert.ok(refused > 8 && refused < 32, `${refused} models`)
})

plausibility.run()
