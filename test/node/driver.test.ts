import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { RoundMachine } from '../../learning/round-machine.js'
import { createRng } from '../../learning/rng.js'
import { Driver, type DriverInit } from '../../node/driver.js'
import { FakeClock, settled } from '../helpers/fake-clock.js'
import { compressorOf } from '../helpers/machine.js'

const drivers = suite('driver')

/** A node alone, whose local steps change nothing and end at once. */
function create(init: Partial<DriverInit>): { readonly driver: Driver; readonly ended: number[] } {
  const ended: number[] = []
  const [parameters, work] = [new Float32Array(3), new Float32Array(3)]
  const machine = new RoundMachine({
    parameters,
    work,
    averaging: createAveraging('d-psgd', 3),
    compressor: compressorOf('float32', 3),
    rng: createRng(1),
    localSteps: 1,
    rounds: 3
  })
  const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
  const trainer = { train: async () => ({ loss: 0, cpuMs: 0 }), evaluate: () => assert.unreachable('not due') as never }
  const driver = new Driver(
    { machine, trainer, exchange: { send: () => 0 }, clock: new FakeClock(), log },
    {
      parameters,
      work,
      optimizerState: new Float32Array(0),
      evaluateEvery: 0,
      rounds: 3,
      onAveraged: ({ round }) => ended.push(round),
      onRound: () => {},
      onRejected: () => {},
      onFinished: () => {},
      onFailed: error => assert.unreachable(error.message),
      ...init
    }
  )
  return { driver, ended }
}

drivers('ends no round before it may be averaged', async () => {
  const waiting: (() => void)[] = []
  const { driver, ended } = create({
    beforeAveraging: () => new Promise(resolve => waiting.push(resolve))
  })
  driver.start()
  for (let round = 1; round <= 3; round++) {
    await settled()
    assert.equal([ended.length, waiting.length], [round - 1, round])
    waiting.at(-1)!()
  }
  await settled()
  assert.equal(ended, [1, 2, 3])
})

drivers('ends none when it was stopped meanwhile', async () => {
  let go = (): void => {}
  const { driver, ended } = create({
    beforeAveraging: () =>
      new Promise(resolve => {
        go = resolve
      })
  })
  driver.start()
  await settled()
  driver.stop()
  go()
  await settled()
  assert.equal(ended, [])
})

drivers.run()
