import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { averagingNames, createAveraging } from '../../learning/averaging/create-averaging.js'
import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { parseBudget } from '../../learning/budget.js'
import { BUDGET_STATE_BYTES, BudgetController, type AdaptiveCompressor } from '../../learning/budget-controller.js'
import type { Compressor } from '../../learning/compression/compressor.js'
import { InvalidParametersError } from '../../learning/errors.js'
import { compressorOf, MachineBench, ofType } from '../helpers/machine.js'
import { throwsExactly } from '../helpers/throws.js'

const budget = suite('budget')

budget('is read with its unit', () => {
  for (const [text, spec, bytes] of [
    ['200KB/round', '200KB/round', 200_000],
    [' 1.5 mb/HOUR', '1.5MB/hour', 1_500_000],
    ['64b/round', '64B/round', 64],
    ['2GB/hour', '2GB/hour', 2e9]
  ] as const) {
    const parsed = parseBudget(text)
    assert.equal([parsed.spec, parsed.bytes], [spec, bytes])
    assert.equal(parseBudget(spec), parsed)
  }
  for (const text of ['', '200KB', '200/round', '0KB/round', '-1KB/round', '1KB/day', 'KB/round', '1e3KB/round']) {
    throwsExactly(
      () => parseBudget(text),
      InvalidParametersError,
      `budget "${text}": expected bytes above 0 a round or an hour, as in 200KB/round or 5MB/hour`
    )
  }
})

/** Tells how long its message may be by `maxBytes`. */
const told = (bytes: number): Compressor => ({ ...compressorOf('float32', 1), maxBytes: bytes })

function adaptiveTo(text: string): AdaptiveCompressor {
  const adaptive = { budget: parseBudget(text), leastBytes: 10, within: told }
  return { ...told(1e9), adaptive }
}

/** A node whose rounds cost what its messages do, times a factor. */
class Spender {
  readonly controller: BudgetController
  bytesSent = 0
  nowMs = 0

  constructor(text: string, saved?: Uint8Array) {
    this.controller = new BudgetController(adaptiveTo(text), saved)
  }

  /** @returns how long its message was */
  round(factor: number, ms = 1000, more = 0): number {
    const { maxBytes } = this.controller.compressor({ ...this, neighbours: 5 })
    this.nowMs += ms
    this.bytesSent += factor * maxBytes + more
    return maxBytes
  }

  rounds(count: number, factor: number, ms?: number): number {
    const before = this.bytesSent
    for (let i = 0; i < count; i++) this.round(factor, ms)
    return (this.bytesSent - before) / count
  }
}

budget('is kept to by the first message where neighbours pass nothing on', () => {
  assert.is(new Spender('10KB/round').round(5), 2000)
})

budget('is kept to whatever a message costs, and when that changes', () => {
  const node = new Spender('10KB/round')
  for (const factor of [7, 3, 20]) {
    node.rounds(40, factor)
    const after = node.rounds(5, factor)
    assert.ok(Math.abs(after / 10_000 - 1) < 0.05, `${after} bytes a round at factor ${factor}`)
  }
  const mean = node.bytesSent / 135
  assert.ok(Math.abs(mean / 10_000 - 1) < 0.02, `${mean} bytes a round in all`)
})

budget('of an hour is kept to whatever a round takes', () => {
  const node = new Spender('3.6MB/hour')
  assert.is(node.round(7), 10, 'nothing is known before the first round has passed')
  for (const ms of [1000, 10_000, 3000]) {
    node.rounds(40, 7, ms)
    const after = node.rounds(5, 7, ms)
    assert.ok(Math.abs(after / ms - 1) < 0.05, `${after} bytes a round of ${ms} ms`)
  }
  assert.ok(Math.abs(node.bytesSent / node.nowMs - 1) < 0.02)
})

budget('pays for a repair by short messages, even when the node is started again', () => {
  const node = new Spender('10KB/round')
  node.rounds(20, 5)
  const before = node.bytesSent
  node.round(5, 1000, 200_000)
  node.rounds(3, 5)
  const again = new Spender('10KB/round', node.controller.save())
  assert.is(again.round(5), 10, 'still in debt')
  again.rounds(99, 5)
  const mean = (node.bytesSent - before + again.bytesSent) / 104
  assert.ok(Math.abs(mean / 10_000 - 1) < 0.1, `${mean} bytes a round`)
})

budget('does not save up much where there is nobody to send to', () => {
  const node = new Spender('10KB/round')
  node.rounds(20, 5)
  node.rounds(100, 0)
  const most = node.round(5)
  assert.ok(most <= 2 * 2000, `${most} bytes`)
})

budget('ignores what no budget has saved', () => {
  for (const junk of [new Uint8Array(3), new Uint8Array(BUDGET_STATE_BYTES).fill(255)]) {
    assert.is(new Spender('10KB/round', junk).round(5), 2000)
  }
})

budget('or a compressor that was asked for decide; without either what suits the strategy', () => {
  const chosen = averagingNames.map(name => chooseCompressor(name, {}))
  assert.equal([...new Set(chosen)], ['quantize:8', 'adaptive-top-k'])
  assert.is(chosen[averagingNames.indexOf('anti-entropy')], 'adaptive-top-k')
  assert.is(chooseCompressor('anti-entropy', { compress: 'sign' }), 'sign')
  throwsExactly(
    () => chooseCompressor('anti-entropy', { compress: 'sign', budget: '2KB/round' }),
    InvalidParametersError,
    'a budget of 2KB/round decides how to compress; remove sign.'
  )
})

budget('takes the compressor that suits the strategy, or refuses the strategy', () => {
  const suited = averagingNames.filter(name => createAveraging(name, 1).keepsToBudget)
  assert.equal(suited, ['d-psgd', 'choco-sgd', 'anti-entropy'])
  assert.equal(
    suited.map(name => chooseCompressor(name, { budget: '200kb/round' })),
    ['quantize', 'top-k', 'top-k'].map(kind => `adaptive-${kind}:200KB/round`)
  )
  for (const name of averagingNames) {
    if (suited.includes(name)) continue
    throwsExactly(
      () => chooseCompressor(name, { budget: '1MB/hour' }),
      InvalidParametersError,
      `${name} cannot keep to a budget of 1MB/hour; use anti-entropy, choco-sgd or d-psgd.`
    )
  }
})

budget('is told to the machine by what was sent, and kept with what the strategy keeps', () => {
  const length = 20_000
  const compressor = compressorOf('adaptive-top-k:2KB/round', length)
  const start = (strategyState?: Uint8Array): MachineBench => {
    const node = new MachineBench(createAveraging('anti-entropy', length), length, { compressor, strategyState })
    node.members(['a', 'b'])
    node.start()
    return node
  }
  const sent = (node: MachineBench, bytesSent: number): number => {
    node.work.forEach((_, i) => (node.work[i] = Math.sin(i)))
    const actions = node.machine.handle({ type: 'trained', loss: 0, bytesSent, nowMs: node.nowMs })
    return ofType(actions, 'send')[0].update.payload.length
  }
  const node = start()
  const first = sent(node, 0)
  assert.ok(first > 950 && first < 1100, `${first} bytes to each of two`)
  node.timeout()
  node.nowMs += 1e5
  node.timeout()
  const poor = sent(node, 20_000)
  assert.ok(poor < 400, `${poor} bytes after ten times the budget`)
  const { strategyState } = node.machine
  assert.is(strategyState.length, BUDGET_STATE_BYTES + 4 * length)
  assert.ok(sent(start(strategyState), 0) < 400)
})

budget.run()
