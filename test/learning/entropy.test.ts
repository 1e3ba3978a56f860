import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BitReader } from '../../learning/compression/entropy/bit-reader.js'
import { BitWriter } from '../../learning/compression/entropy/bit-writer.js'
import { chooseRice, mostRiceBits, readRice, writeRice } from '../../learning/compression/entropy/golomb-rice.js'
import { rangeDecode, rangeEncode } from '../../learning/compression/entropy/range-coder.js'
import { decodeIndices, encodeIndices, mostIndexBytes } from '../../learning/compression/index-set.js'
import { MalformedUpdateError } from '../../learning/errors.js'
import { createRng, type Rng } from '../../learning/rng.js'

/** `count` of `size` positions, ascending, at random. */
function randomSet(count: number, size: number, rng: Rng): Uint32Array {
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(rng.integer(size))
  return Uint32Array.from(chosen).sort()
}

function riceBytes(indices: Uint32Array, parameter: number, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits / 8))
  assert.is(writeRice(indices, parameter, bytes, 0), bytes.length, 'as long as announced')
  return bytes
}

/** log2 of n choose k. */
function log2Binomial(n: number, k: number): number {
  let sum = 0
  for (let i = 0; i < k; i++) sum += Math.log2((n - i) / (k - i))
  return sum
}

/** Run a decoder on hostile bytes. @returns whether they were refused */
function refused(decode: () => void, label: string): boolean {
  try {
    decode()
    return false
  } catch (error) {
    assert.instance(error, MalformedUpdateError, `${label}: ${String(error)}`)
    return true
  }
}

function randomBytes(length: number, rng: Rng): Uint8Array {
  return Uint8Array.from({ length }, () => (rng.integer(3) === 0 ? 0xff : rng.integer(256)))
}

const bits = suite('bit writer and reader')

bits('reads back numbers of every width, and runs of ones', () => {
  const rng = createRng('bits')
  const items = Array.from({ length: 3000 }, (_, i): { run: number } | { width: number; value: number } =>
    i % 3 === 0 ? { run: rng.integer(80) } : { width: i % 25, value: rng.integer(2 ** (i % 25)) }
  )
  const bytes = new Uint8Array(30_000).fill(0)
  const writer = new BitWriter(bytes, 3)
  for (const item of items) {
    if ('run' in item) writer.writeUnary(item.run)
    else writer.write(item.value, item.width)
  }
  const end = writer.end()
  const reader = new BitReader(bytes.subarray(0, end), 3)
  items.forEach((item, i) => {
    if ('run' in item) assert.is(reader.readUnary(80), item.run, `item ${i}`)
    else assert.is(reader.read(item.width), item.value, `item ${i}`)
  })
  assert.is(reader.end(), end)
})

bits('ends at the byte after the last one used, however far it has looked ahead', () => {
  const reader = new BitReader(Uint8Array.of(0b101, 9, 9, 9, 9))
  assert.is(reader.read(3), 0b101)
  assert.is(reader.end(), 1)
})

bits('refuses bytes that end too early, too long a run, and padding that is not zero', () => {
  assert.throws(() => new BitReader(Uint8Array.of(1)).read(9), /end too early/)
  assert.throws(() => new BitReader(Uint8Array.of(255, 255)).readUnary(100), /end too early/)
  assert.throws(() => new BitReader(Uint8Array.of(0b1111)).readUnary(3), /more than 3 ones/)
  assert.is(new BitReader(Uint8Array.of(0b111)).readUnary(3), 3)
  const reader = new BitReader(Uint8Array.of(0b1001))
  reader.read(3)
  assert.throws(() => reader.end(), /padding bits are not zero/)
})

bits.run()

const rice = suite('golomb-rice')

rice('is within 3 % of log2 C(n, k) at densities of 0.1 to 10 %', () => {
  const size = 100_000
  const rng = createRng('density')
  for (const density of [0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.07, 0.1]) {
    const count = density * size
    const floor = log2Binomial(size, count)
    const { bits: used } = chooseRice(randomSet(count, size, rng))
    assert.ok(used < 1.03 * floor, `density ${density}: ${used} bits, floor ${floor}`)
    assert.ok(used > 0.98 * floor, `density ${density}: ${used} bits cannot be, floor ${floor}`)
  }
})

rice('chooses the parameter that takes the fewest bits', () => {
  const rng = createRng('parameter')
  for (let i = 0; i < 200; i++) {
    const size = 1 + rng.integer(5000)
    const indices = randomSet(1 + rng.integer(size), size, rng)
    const chosen = chooseRice(indices)
    const lengths = Array.from({ length: 25 }, (_, parameter) =>
      writeRice(indices, parameter, new Uint8Array(20_000), 0)
    )
    assert.is(Math.ceil(chosen.bits / 8), Math.min(...lengths), `${indices.length} of ${size}`)
  }
})

rice('reads back any set, at any byte, and says where it ended', () => {
  const rng = createRng('round trip')
  for (let i = 0; i < 300; i++) {
    const size = 1 + rng.integer(i % 2 === 0 ? 200 : 100_000)
    const indices = randomSet(1 + rng.integer(Math.min(size, 300)), size, rng)
    const { parameter, bits: used } = chooseRice(indices)
    const bytes = Uint8Array.of(7, ...riceBytes(indices, parameter, used), 255, 255)
    const read = new Uint32Array(indices.length)
    assert.is(readRice(bytes, 1, parameter, read, size), bytes.length - 2, `set ${i}`)
    assert.equal(read, indices, `set ${i}`)
  }
})

rice('never takes more than its bound, which the one set with a single gap reaches', () => {
  const rng = createRng('bound')
  for (let i = 0; i < 300; i++) {
    const size = 2 + rng.integer(3000)
    const count = 1 + rng.integer(size - 1)
    const most = mostRiceBits(count, size)
    assert.ok(chooseRice(randomSet(count, size, rng)).bits <= most, `${count} of ${size}`)
    const worst = Uint32Array.from({ length: count }, (_, k) => (k === count - 1 ? size - 1 : k))
    assert.is(chooseRice(worst).bits, most, `${count} of ${size}: the worst`)
  }
})

rice('reads an ascending set in range or a MalformedUpdateError from any bytes', () => {
  const rng = createRng('hostile')
  let rejected = 0
  for (let i = 0; i < 20_000; i++) {
    const size = 1 + rng.integer(1000)
    const indices = new Uint32Array(1 + rng.integer(Math.min(size, 30)))
    const bytes = randomBytes(rng.integer(60), rng)
    if (refused(() => readRice(bytes, 0, rng.integer(25), indices, size), `message ${i}`)) {
      rejected++
      continue
    }
    indices.forEach((index, k) =>
      assert.ok(index < size && (k === 0 || index > indices[k - 1]), `message ${i}: ${index}`)
    )
  }
  assert.ok(rejected > 1000 && rejected < 19_500, `${rejected} refused`)
})

rice.run()

const range = suite('range coder')

/** Symbols of which most are in the middle, like quantised normals. */
function symbols(count: number, width: number, rng: Rng): Uint8Array {
  const middle = 2 ** (width - 1)
  return Uint8Array.from({ length: count }, () => {
    return Math.min(2 * middle - 1, Math.max(0, Math.round(middle + (rng.normal() * middle) / 6)))
  })
}

range('reads back symbols of every width, in any number', () => {
  const rng = createRng('range')
  for (let width = 1; width <= 8; width++) {
    for (const count of [0, 1, 2, 3, 100, 5000]) {
      for (const input of [
        symbols(count, width, rng),
        new Uint8Array(count),
        new Uint8Array(count).fill(2 ** width - 1)
      ]) {
        const output = new Uint8Array(count)
        rangeDecode(rangeEncode(input, width), width, output)
        assert.equal(output, input, `${count} symbols of ${width} bits`)
      }
    }
  }
})

range('survives carries through runs of 255', () => {
  const rng = createRng('carry')
  for (let i = 0; i < 3000; i++) {
    // Surprises after long runs of ones put `low` just below a carry.
    const input = Uint8Array.from({ length: 400 }, () => (rng.integer(40) === 0 ? 0 : 1))
    const output = new Uint8Array(400)
    rangeDecode(rangeEncode(input, 1), 1, output)
    assert.equal(output, input, `message ${i}`)
  }
})

range('comes within 2 % of the entropy of the symbols', () => {
  for (const width of [2, 4, 8]) {
    const input = symbols(100_000, width, createRng(width))
    const counts = new Map<number, number>()
    for (const symbol of input) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
    let entropy = 0
    for (const count of counts.values()) entropy -= (count * Math.log2(count / input.length)) / 8
    const { length } = rangeEncode(input, width)
    assert.ok(length > 0.99 * entropy && length < 1.02 * entropy, `${width} bits: ${length} bytes, entropy ${entropy}`)
  }
})

range('learns from the first symbols on', () => {
  const { length } = rangeEncode(new Uint8Array(100).fill(0xa5), 8)
  // A bit that never changes costs log2 sqrt(pi 100) = 4.2 bits in all.
  assert.ok(length <= 6, `${length} bytes for 100 equal symbols`)
})

range('refuses what follows a message', () => {
  const bytes = rangeEncode(symbols(50, 4, createRng(1)), 4)
  const read = (message: Uint8Array) => () => rangeDecode(message, 4, new Uint8Array(50))
  assert.throws(read(Uint8Array.of(...bytes, 0)), /zero at its end/)
  assert.throws(read(Uint8Array.of(...bytes, 1, 1, 1, 1, 1)), /ends at byte/)
})

range('makes symbols in range or a MalformedUpdateError of any bytes', () => {
  const rng = createRng('hostile range')
  let rejected = 0
  for (let i = 0; i < 5000; i++) {
    const output = new Uint8Array(rng.integer(100))
    if (refused(() => rangeDecode(randomBytes(rng.integer(80), rng), 4, output), `message ${i}`)) rejected++
    assert.ok(
      output.every(symbol => symbol < 16),
      `message ${i}`
    )
  }
  assert.ok(rejected > 500 && rejected < 4500, `${rejected} refused`)
})

range.run()

const indexSet = suite('index set')

indexSet('is within 3 % of log2 C(n, k) at densities of 0.1 to 50 %', () => {
  const size = 100_000
  const rng = createRng('all densities')
  for (const density of [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.14, 0.2, 0.215, 0.25, 0.3, 0.36, 0.38, 0.4, 0.45, 0.5
  ]) {
    const count = Math.round(density * size)
    const indices = randomSet(count, size, rng)
    const floor = log2Binomial(size, count) / 8
    const bytes = encodeIndices(indices, size)
    assert.ok(bytes.length < 1.03 * floor, `density ${density}: ${bytes.length} bytes, floor ${floor}`)
    assert.ok(bytes.length <= mostIndexBytes(count, size), `density ${density}: ${bytes.length} bytes`)
    const read = new Uint32Array(count)
    assert.is(decodeIndices(bytes, read, size), bytes.length, `density ${density}`)
    assert.equal(read, indices, `density ${density}`)
  }
})

indexSet('takes the smallest form', () => {
  const form = (indices: number[], size: number): number[] => [...encodeIndices(Uint32Array.from(indices), size)]
  const all = Array.from({ length: 1000 }, (_, i) => i)
  assert.equal(form([0], 1), [0, 1], 'one of one')
  assert.is(form(all, 1000).length, 126, 'all')
  assert.is(form(all, 1000)[0], 0, 'all: bitmap')
  assert.is(form([2 ** 32 - 2], 2 ** 32 - 1)[0], 1 + 24, 'one of very many')
  const rng = createRng('forms')
  const of = (count: number): number => encodeIndices(randomSet(count, 10_000, rng), 10_000)[0]
  assert.equal([of(100), of(1000), of(2150), of(3000), of(3800), of(5000)], [7, 4, 26, 2, 26, 0])
})

indexSet('refuses range codes that are cut short, or of other positions than expected', () => {
  const indices = randomSet(3800, 10_000, createRng('range form'))
  const bytes = encodeIndices(indices, 10_000)
  assert.is(bytes[0], 26)
  const decode = (message: Uint8Array, count = 3800, size = 10_000): (() => void) => {
    return () => decodeIndices(message, new Uint32Array(count), size)
  }
  decode(bytes)()
  for (let length = 0; length < bytes.length; length += 50)
    assert.throws(decode(bytes.subarray(0, length)), isMalformed)
  for (const count of [3799, 3801]) assert.throws(decode(bytes, count), isMalformed, `${count} positions`)
  assert.throws(decode(Uint8Array.of(26, 255, 255, 255, 255, 1, 2, 3)), isMalformed, 'four gigabytes')
})

indexSet('is ascending and in range, or a MalformedUpdateError, whatever the bytes', () => {
  const rng = createRng('hostile sets')
  for (let i = 0; i < 20_000; i++) {
    const size = 1 + rng.integer(300)
    const indices = new Uint32Array(1 + rng.integer(size))
    const bytes = randomBytes(rng.integer(60), rng)
    if (bytes.length > 0) bytes[0] = rng.integer(28)
    if (refused(() => decodeIndices(bytes, indices, size), `message ${i}`)) continue
    indices.forEach((index, k) =>
      assert.ok(index < size && (k === 0 || index > indices[k - 1]), `message ${i}: ${index}`)
    )
  }
})

function isMalformed(error: unknown): boolean {
  return error instanceof MalformedUpdateError
}

indexSet.run()
