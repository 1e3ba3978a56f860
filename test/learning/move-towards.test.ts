import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AveragingState } from '../../learning/averaging/averaging.js'
import { moveTowards, moveTowardsAll } from '../../learning/averaging/move-towards.js'
import { createScratch } from '../../learning/averaging/scratch.js'
import type { Compressor } from '../../learning/compression/compressor.js'
import { Plausibility } from '../../learning/averaging/plausibility.js'
import { squaredDistance } from '../../learning/parameters.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { TILE_LENGTH } from '../../learning/vector-kernels.js'
import { close } from '../helpers/close.js'
import { compressorOf } from '../helpers/machine.js'

const randomModel = (length: number, rng: Rng): Float32Array => Float32Array.from({ length }, () => rng.normal())

const moving = suite('moveTowards')
const LARGEST_FLOAT32 = 3.4028234663852886e38
const float32 = compressorOf('float32', 2)

function stateOf(parameters: readonly number[], compressor: Compressor = float32): AveragingState {
  const plausibility = new Plausibility()
  return {
    parameters: Float32Array.from(parameters),
    neighbours: [],
    swarmSize: 1,
    round: 1,
    finished: false,
    compressor,
    rng: createRng(1),
    plausibility
  }
}

function encode(...values: number[]): Uint8Array {
  return float32.encode(Float32Array.from(values), createRng(1))
}

moving('adds the weighted difference between their model and ours as they know it', () => {
  const state = stateOf([10, 20])
  assert.is(moveTowards(state, 0.25, encode(5, 6), Float32Array.of(1, 2), new Float32Array(2)), 32)
  close(state.parameters, [11, 21], 0)
})

moving('moves vectors of any length, whatever the peer has left behind', () => {
  for (const length of [TILE_LENGTH - 1, TILE_LENGTH + 3, 2 * TILE_LENGTH + 65]) {
    const compressor = compressorOf('quantize:8', length)
    const [x, ours, theirs] = ['x', 'ours', 'theirs'].map(name => randomModel(length, createRng(name)))
    const payload = compressor.encode(theirs, createRng(1))
    const received = new Float32Array(length)
    compressor.decode(payload, received)
    const expected = x.map((value, i) => value + 0.3 * (received[i] - ours[i]))
    // Kernels find vectors in their own memory and elsewhere.
    const scratch = createScratch(length)
    scratch.ours.set(ours)
    const places = [
      { ours, result: new Float32Array(length) },
      { ours: scratch.ours, result: scratch.theirs }
    ]
    for (const { ours, result } of places) {
      const state = { ...stateOf([]), parameters: x.slice(), compressor }
      const squared = moveTowards(state, 0.3, payload, ours, result.fill(NaN)) as number
      close(state.parameters, expected, 1e-6, `length ${length}`)
      close([squared / squaredDistance(received, ours)], [1], 1e-9, `length ${length}`)
    }
  }
})

moving('measures distances whose squares are too large or too small for float32', () => {
  for (const scale of [1e-30, 1e25]) {
    const ours = Float32Array.of(scale, scale)
    const squared = moveTowards(stateOf([0, 0]), 0.5, encode(4 * scale, 5 * scale), ours, new Float32Array(2))
    close([Math.sqrt(squared as number) / scale], [5], 1e-6, String(scale))
  }
})

moving('leaves alone what the message does not carry', () => {
  const firstOnly: Compressor = {
    ...float32,
    seekable: undefined,
    decode: (bytes, output) => {
      output[0] = bytes[0]
    }
  }
  const state = stateOf([10, 20], firstOnly)
  assert.is(moveTowards(state, 0.5, Uint8Array.of(5), Float32Array.of(1, 2), Float32Array.of(7, 7)), 16)
  close(state.parameters, [12, 20], 0)
})

moving('refuses a move that overflows, and changes nothing', () => {
  const state = stateOf([10, LARGEST_FLOAT32])
  const ours = Float32Array.of(1, -LARGEST_FLOAT32)
  assert.is(moveTowards(state, 0.5, encode(5, LARGEST_FLOAT32), ours, new Float32Array(2)), 'not-finite')
  close(state.parameters, [10, LARGEST_FLOAT32], 0)
})

moving('refuses a model that is too far away to be believed, and changes nothing', () => {
  const state = stateOf([10, 20])
  const ours = Float32Array.of(1, 2)
  assert.is(moveTowards(state, 0.5, encode(1e30, 2), ours, new Float32Array(2)), 'implausible')
  close(state.parameters, [10, 20], 0)
})

moving('refuses malformed bytes, and changes nothing', () => {
  const state = stateOf([10, 20])
  assert.is(moveTowards(state, 0.5, new Uint8Array(7), Float32Array.of(1, 2), new Float32Array(2)), 'malformed')
  close(state.parameters, [10, 20], 0)
})

moving('does not hide a bug of a compressor', () => {
  const broken: Compressor = {
    ...float32,
    decode: () => {
      throw new TypeError('a bug')
    }
  }
  const state = stateOf([1, 2], broken)
  assert.throws(() => moveTowards(state, 0.5, encode(1, 2), new Float32Array(2), new Float32Array(2)), 'a bug')
})

const kinds = ['honest', 'malformed', 'implausible', 'beyond float32'] as const
for (const compress of ['quantize:8', 'float32', 'sign']) {
  moving(`moves towards all peers as towards one after the other, bit for bit, whoever lies: ${compress}`, () => {
    const length = TILE_LENGTH + 65
    const compressor = compressorOf(compress, length)
    const [x, ours] = ['x', 'ours'].map(name => randomModel(length, createRng(name)))
    const scales = { honest: 1, malformed: 1, implausible: 1e6, 'beyond float32': 1e36 }
    for (const liar of kinds) {
      const neighbours = [0.1, 0.2, 0.3, 0.15, 0.1].map((weight, i) => ({ peer: String(i), weight }))
      const payloads = neighbours.map((_, i) => {
        if (i === 2) return undefined
        const scale = i === 1 ? scales[liar] : 1
        const theirs = randomModel(length, createRng(i)).map(value => scale * value)
        const payload = compressor.encode(theirs, createRng(i))
        return i === 1 && liar === 'malformed' ? payload.subarray(1) : payload
      })
      const apart = { ...stateOf([]), parameters: x.slice(), compressor }
      const together = { ...stateOf([]), parameters: x.slice(), neighbours, compressor }
      for (let round = 1; round <= 3; round++) {
        const scratch = (): Float32Array => new Float32Array(length).fill(NaN)
        const expected = payloads.map(
          (payload, i) => payload && moveTowards(apart, neighbours[i].weight, payload, ours, scratch())
        )
        assert.equal(moveTowardsAll(together, payloads, ours, scratch()), expected, `${liar}, round ${round}`)
        assert.is(typeof expected[1], liar === 'honest' ? 'number' : 'string')
        close(together.parameters, apart.parameters, 0, `${liar}, round ${round}`)
      }
    }
  })
}

moving.run()
