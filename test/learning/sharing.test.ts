import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { averagingNames, createAveraging } from '../../learning/averaging/create-averaging.js'
import { InvalidParametersError, MalformedUpdateError } from '../../learning/errors.js'
import { createRng } from '../../learning/rng.js'
import { checkLastRounds, checkSharing, parseSharing, sharesOnly } from '../../learning/sharing.js'
import { close } from '../helpers/close.js'
import { compressorOf, MachineBench, only } from '../helpers/machine.js'
import { throwsExactly } from '../helpers/throws.js'

const sharing = suite('rounds of sharing')
const LENGTH = 4

function bench(averaging: string): MachineBench {
  const schedule = { training: 2, sharing: 1 }
  const node = new MachineBench(createAveraging(averaging, LENGTH), LENGTH, { localSteps: 5, sharing: schedule })
  node.members(['a'])
  return node
}

/** Of ten rounds: t with local steps, s without. */
function kindsOf(spec: string): string {
  return Array.from({ length: 10 }, (_, i) => (sharesOnly(parseSharing(spec), i + 1, 10) ? 's' : 't')).join('')
}

sharing('come after so many with local steps, again and again', () => {
  assert.is(kindsOf('3:2'), 'tttsstttss')
})

sharing('are the last ones of a run, with last:N', () => {
  assert.is(kindsOf('last:3'), 'tttttttsss')
  assert.is(kindsOf('last:9'), 'tsssssssss')
})

sharing('are not the last where there is no last one, or no other', () => {
  const refused = (rounds: number | undefined): string => {
    try {
      const averaging = createAveraging('d-psgd', LENGTH)
      new MachineBench(averaging, LENGTH, { sharing: parseSharing('last:4'), rounds })
      return ''
    } catch (error) {
      assert.instance(error, InvalidParametersError)
      return (error as Error).message
    }
  }
  assert.is(
    refused(undefined),
    'sharing last:4: there is no last round. Pass --rounds, or share time and again, as in 16:4.'
  )
  assert.is(refused(4), 'sharing last:4 of 4 rounds: none has local steps; expected at most last:3. Raise --rounds.')
  assert.is(refused(5), '')
  checkLastRounds(parseSharing('4:1'), Infinity)
})

for (const averaging of ['d-psgd', 'swarm-sgd']) {
  sharing(`take no local steps, and average as others do: ${averaging}`, () => {
    const node = bench(averaging)
    const asked: number[][] = []
    let actions = node.start()
    for (let round = 1; round <= 6; round++) {
      const { firstStep, steps } = only(actions, 'train')
      asked.push([firstStep, steps])
      const before = node.parameters[0]
      if (steps > 0) node.work.fill(before + 1)
      else node.work.fill(NaN)
      node.trained(steps > 0 ? round : NaN)
      const own = node.parameters[0]
      assert.is(own, steps > 0 ? before + 1 : before, `round ${round}`)
      const kind = averaging === 'd-psgd' ? 'model' : 'answer'
      actions = node.update('a', node.message(kind, round, own + 2))
      assert.is(only(actions, 'averaged').loss, steps > 0 ? round : round - 1, 'the loss of the latest steps')
      close(node.parameters, new Float32Array(LENGTH).fill(own + 1), 1e-6, `round ${round}`)
    }
    assert.equal(asked, [
      [0, 5],
      [5, 5],
      [10, 0],
      [10, 5],
      [15, 5],
      [20, 0]
    ])
    assert.is(node.machine.stepsTaken, 20)
  })
}

sharing(
  'are coded by another compressor, where a spec has one, and whoever is in another kind of round decodes it',
  () => {
    const length = 200
    const compressor = compressorOf('top-k:0.02+sharing:float32', length)
    const input = Float32Array.from({ length }, (_, i) => i - 99.5)
    const decoded = (bytes: Uint8Array): Float32Array => {
      const output = new Float32Array(length)
      compressor.decode(bytes, output)
      return output
    }
    const rng = createRng(1)
    close(
      decoded(compressor.encode(input, rng)),
      input.map(value => (Math.abs(value) > 98 ? value : 0)),
      0
    )
    close(decoded(compressor.sharing!.encode(input, rng)), input, 0)
    const kept = compressor.decodeKept!(compressor.sharing!.encode(input, rng))
    close(kept.values, input, 0)
    assert.equal([kept.indices.length, kept.indices[7]], [length, 7])

    const node = new MachineBench(createAveraging('d-psgd', length), length, {
      compressor: compressorOf('quantize:4+sharing:float32', length),
      sharing: { training: 1, sharing: 1 }
    })
    node.members(['a'])
    node.start()
    const lengths = Array.from({ length: 4 }, () => {
      const { payload } = only(node.trained(), 'send').update
      node.nowMs += 60_000
      node.timeout()
      return payload.length
    })
    assert.equal(lengths, [lengths[0], 1 + 4 * length, lengths[0], 1 + 4 * length])
    assert.ok(lengths[0] < length)
  }
)

sharing('are not coded apart by what leaves too much out, for a budget, or where there are none', () => {
  const refused = (averaging: string, spec: string, schedule = true): void => {
    new MachineBench(createAveraging(averaging, LENGTH), LENGTH, {
      compressor: compressorOf(spec, LENGTH),
      ...(schedule ? { sharing: { training: 1, sharing: 1 } } : {})
    })
  }
  refused('d-psgd', 'quantize:4+sharing:float32')
  assert.throws(() => refused('d-psgd', 'quantize:4+sharing:top-k:0.1'), /only a part of the model would be sent/)
  throwsExactly(
    () => refused('choco-sgd', 'sign+sharing:float32', false),
    InvalidParametersError,
    'sign+sharing:float32: no round is of sharing alone. Pass --sharing as well, as in last:2, or remove what follows "+sharing".'
  )
  throwsExactly(
    () => refused('choco-sgd', 'adaptive-top-k:1KB/round+sharing:float32'),
    InvalidParametersError,
    'adaptive-top-k:1KB/round+sharing:float32: a budget holds for every round. Remove it, or "+sharing:float32".'
  )
  throwsExactly(
    () => refused('choco-sgd', 'sign+sharing:float32+sharing:float16'),
    InvalidParametersError,
    'sign+sharing:float32+sharing:float16: there is one kind of rounds of sharing. Remove "+sharing:float16".'
  )
  assert.throws(() => refused('choco-sgd', 'sign+sharing:flaot32'), /flaot32.*float32/)
  for (const bytes of [[], [2, 0, 0, 0, 0], [0], new Array<number>(40).fill(1)]) {
    const decode = (): void =>
      compressorOf('sign+sharing:float16', 1).decode(Uint8Array.from(bytes), new Float32Array(1))
    assert.throws(decode, (error: Error) => error instanceof MalformedUpdateError)
  }
})

sharing('are refused where rounds wait for nobody, before anything begins', () => {
  const taken = averagingNames.filter(name => {
    try {
      checkSharing(createAveraging(name, 1), parseSharing('1:1'))
      return true
    } catch (error) {
      assert.ok(error instanceof InvalidParametersError && error.message.includes(`sharing with ${name}`))
      assert.throws(() => bench(name), /rounds of sharing/)
      return false
    }
  })
  assert.equal(taken, ['d-psgd', 'swarm-sgd', 'choco-sgd', 'anti-entropy', 'relay-sum'])
})

sharing('are two numbers, of which neither is 0', () => {
  for (const spec of ['', '4', '0:1', '1:0', '1001:1', '4:1:1', '-1:2', '1.5:2', 'x:y', 'last:0', '4:last']) {
    const message =
      `sharing "${spec}": expected how many rounds with local steps, and how many without any come after them, as in 4:1, or ` +
      'how many of the last rounds have none, as in last:4; all from 1 to 1000'
    throwsExactly(() => parseSharing(spec), InvalidParametersError, message)
  }
})

sharing.run()
