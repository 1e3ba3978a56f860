import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidParametersError } from '../../learning/errors.js'
import { createRng } from '../../learning/rng.js'
import { parseConditions } from '../../simulation/index.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const conditions = suite('conditions')

conditions('draws from the distribution that a spec names', () => {
  const drawn = (latency: string): number[] => {
    const rng = createRng('latency')
    const { latencyMs } = parseConditions({ latency })
    return Array.from({ length: 4001 }, () => latencyMs.draw(rng)).sort((a, b) => a - b)
  }
  const constant = drawn('7')
  assert.equal([constant[0], constant[4000]], [7, 7])
  const uniform = drawn('uniform:5,15')
  assert.ok(uniform[0] >= 5 && uniform[4000] < 15 && Math.abs(uniform[2000] - 10) < 0.5)
  const logNormal = drawn('log-normal:40,0.5')
  assert.ok(Math.abs(logNormal[2000] - 40) < 2)
  // One standard deviation above the median: 84.1 % are below.
  assert.ok(Math.abs(logNormal[Math.round(0.841 * 4000)] / 40 - Math.exp(0.5)) < 0.1)
})

conditions('draws from what was measured elsewhere', () => {
  const path = join(temporaryFolder().path, 'latency.txt')
  writeFileSync(path, '# ms\n12\n\n80.5\n')
  const { latencyMs } = parseConditions({ latency: `trace:${path}` })
  const rng = createRng('trace')
  const drawn = Array.from({ length: 400 }, () => latencyMs.draw(rng))
  assert.equal(new Set(drawn), new Set([12, 80.5]))
  assert.ok(Math.abs(drawn.filter(value => value === 12).length - 200) < 40)
  assert.throws(
    () => parseConditions({ loss: `trace:${path}` }),
    /line 2: expected a number of at least 0 and at most 1/
  )
})

for (const [given, message] of [
  [{ loss: '-0.1' }, 'loss -0.1: expected a number of at least 0 and at most 1.'],
  [{ loss: 'uniform:0,2' }, 'loss uniform:0,2: expected a number of at least 0 and at most 1.'],
  [{ loss: 'log-normal:0.1,1' }, 'loss log-normal:0.1,1: it has no bound; expected at most 1.'],
  [{ bandwidth: '0' }, 'bandwidth 0: expected a number above 0.'],
  [{ latency: 'pareto:1,2' }, 'latency pareto:1,2: expected 20, uniform:5,50, log-normal:40,0.5 or trace:FILE.'],
  [{ latency: 'uniform:5' }, 'latency uniform:5: expected 20, uniform:5,50, log-normal:40,0.5 or trace:FILE.'],
  [{ latency: 'uniform:9,5' }, 'latency uniform:9,5: expected the smaller number first, uniform:5,9.'],
  [{ latency: '' }, 'latency : expected 20, uniform:5,50, log-normal:40,0.5 or trace:FILE.'],
  [{ stragglers: '2:3' }, 'stragglers 2:3: expected a share from 0 to 1 and a factor of at least 1, as in 0.1:5.']
] as const) {
  conditions(`refuses ${JSON.stringify(given)}`, () => {
    throwsExactly(() => parseConditions(given), InvalidParametersError, message)
  })
}

conditions.run()
