import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EngineError } from '../../engine/errors.js'
import { gemmScratch, KernelMemory } from '../../engine/kernel-memory.js'
import { createRng } from '../../learning/rng.js'
import { close } from '../helpers/close.js'

const kernels = suite('kernels')
const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 33]

function randomFloats(length: number, seed: string): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => 2 * rng.uniform() - 1)
}

/** Random values, a share of them zero. */
function withZeros(length: number, share: number, seed: string): Float32Array {
  const rng = createRng(seed).fork('zeros')
  return randomFloats(length, seed).map(value => (rng.uniform() < share ? 0 : value))
}

/** One product by the kernel, guarded by a value just past its end. `zeros` is the share of them in A. */
function multiply(
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
  fused: boolean,
  accumulate = false,
  relaxedSimd = false,
  zeros = 0
) {
  const a = withZeros(m * k, zeros, `a${m}x${k}`)
  const b = randomFloats(k * n, `b${k}x${n}`)
  const bias = randomFloats(n, `bias${n}`)
  const [aRow, aColumn] = transposeA ? [1, m] : [k, 1]
  const [bRow, bColumn] = transposeB ? [1, k] : [n, 1]

  const memory = new KernelMemory()
  const [atA, atB, atBias, atC] = [m * k, k * n, n, m * n + 1].map(floats => memory.reserve(floats))
  const scratch = memory.reserve(gemmScratch(m, n, k))
  const guard = memory.reserve(1)
  const { gemm } = memory.open(relaxedSimd)
  memory.view(atA, m * k).set(a)
  memory.view(atB, k * n).set(b)
  memory.view(atBias, n).set(bias)
  memory.view(atC, m * n + 1).fill(accumulate ? 1 : 0)[m * n] = 42
  memory.view(guard, 1)[0] = 43
  gemm(m, n, k, atA, aRow, aColumn, atB, bRow, bColumn, atC, fused ? atBias : 0, fused, accumulate, scratch)

  const expected = new Float32Array(m * n + 2)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = fused ? bias[j] : accumulate ? 1 : 0
      for (let p = 0; p < k; p++) sum += a[i * aRow + p * aColumn] * b[p * bRow + j * bColumn]
      expected[i * n + j] = fused ? Math.max(0, sum) : sum
    }
  }
  expected.set([42, 43], m * n)
  return { actual: [...memory.view(atC, m * n + 1), ...memory.view(guard, 1)], expected }
}

kernels('multiply matrices of any size as the definition does, and write nothing past the end', () => {
  for (const m of SIZES) {
    for (const n of SIZES) {
      for (const k of SIZES) {
        const transposed = (m + n + k) % 3
        const { actual, expected } = multiply(m, n, k, transposed === 1, transposed === 2, (m + n) % 2 === 0)
        close(actual, expected, 1e-5, `${m} x ${n} x ${k}, layout ${transposed}`)
      }
    }
  }
})

kernels('multiply in every layout, with bias and relu and without', () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      for (const fused of [false, true]) {
        for (const [m, n, k] of [
          [13, 21, 35],
          [35, 13, 21],
          [32, 10, 128]
        ]) {
          const { actual, expected } = multiply(m, n, k, transposeA, transposeB, fused)
          close(actual, expected, 2e-5, `${m} x ${n} x ${k}, ${transposeA}, ${transposeB}, ${fused}`)
        }
      }
    }
  }
})

kernels('add a product to what is there', () => {
  for (const [m, n, k] of [
    [13, 21, 5],
    [4, 8, 3],
    [3, 7, 2]
  ]) {
    const { actual, expected } = multiply(m, n, k, true, false, false, true)
    close(actual, expected, 1e-5, `${m} x ${n} x ${k}`)
  }
})

kernels('multiply with relaxed SIMD as closely, and need not have the same bits', () => {
  const sizes = [
    [13, 21, 300],
    [64, 48, 512]
  ]
  for (const [m, n, k] of sizes) {
    const { actual, expected } = multiply(m, n, k, false, true, true, false, true)
    close(actual, expected, 1e-4, `${m} x ${n} x ${k}`)
  }
})

kernels('leave zeros out, in every layout, beside columns and terms of any number', () => {
  const sizes = [
    [130, 64, 64],
    [67, 45, 100],
    [45, 67, 130],
    [34, 100, 200],
    [300, 33, 70]
  ]
  for (const [m, n, k] of sizes) {
    for (const layout of [0, 1, 2, 3]) {
      for (const [fused, accumulate] of [
        [false, false],
        [true, false],
        [false, true]
      ]) {
        for (const zeros of [0.6, 0.97]) {
          const [transposeA, transposeB] = [layout % 2 === 1, layout >= 2]
          const { actual, expected } = multiply(m, n, k, transposeA, transposeB, fused, accumulate, false, zeros)
          close(actual, expected, 2e-5, `${m} x ${n} x ${k}, layout ${layout}, ${fused}, ${accumulate}, ${zeros}`)
        }
      }
    }
  }
})

kernels('let values that are not finite through, whatever is zero beside them', () => {
  const [m, n, k] = [64, 32, 64]
  const memory = new KernelMemory()
  const [a, b, c] = [m * k, k * n, m * n].map(floats => memory.reserve(floats))
  const scratch = memory.reserve(gemmScratch(m, n, k))
  const { gemm } = memory.open()
  memory.view(a, m * k).set([NaN, 0, 0, 0, Infinity, -Infinity])
  memory.view(b, k * n).fill(1)
  gemm(m, n, k, a, k, 1, b, n, 1, c, 0, false, false, scratch)
  const actual = [...memory.view(c, m * n)]
  assert.ok(actual.slice(0, n).every(Number.isNaN))
  assert.ok(actual.slice(n).every(value => value === 0))
})

kernels('give the bits of a sum in ascending order, each step rounded, with zeros left out or not', () => {
  const sizes = [
    [5, 19, 600, 0],
    [40, 35, 300, 0.7]
  ]
  for (const [m, n, k, zeros] of sizes) {
    const { actual } = multiply(m, n, k, true, false, false, false, false, zeros)
    const a = withZeros(m * k, zeros, `a${m}x${k}`)
    const b = randomFloats(k * n, `b${k}x${n}`)
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let p = 0; p < k; p++) sum = Math.fround(sum + Math.fround(a[i + p * m] * b[p * n + j]))
        assert.is(actual[i * n + j], sum, `row ${i}, column ${j}`)
      }
    }
  }
})

kernels('sum columns of any number', () => {
  for (const columns of SIZES) {
    const memory = new KernelMemory()
    const matrix = memory.reserve(3 * columns)
    const sums = memory.reserve(columns)
    const { columnSums } = memory.open()
    memory.view(matrix, 3 * columns).set(Float32Array.from({ length: 3 * columns }, (_, i) => i))
    columnSums(matrix, 3, columns, sums)
    const expected = Array.from({ length: columns }, (_, j) => 3 * columns + 3 * j)
    close(memory.view(sums, columns), expected, 0, `${columns} columns`)
  }
})

kernels('take steps of optimisers as defined on vectors of any length, and change nothing behind them', () => {
  const [rate, decay, beta2, epsilon] = [0.1, 0.75, 0.875, 1e-3]
  for (let length = 1; length <= 9; length++) {
    const [p, g, v, w] = ['p', 'g', 'v', 'w'].map(name => randomFloats(length, `${name} ${length}`).map(Math.abs))
    const velocity = g.map((each, i) => decay * v[i] + each)
    const first = g.map((each, i) => decay * v[i] + 0.25 * each)
    const second = g.map((each, i) => beta2 * w[i] + 0.125 * each * each)
    const adam = p.map((each, i) => each - ((rate / 0.5) * first[i]) / (Math.sqrt(second[i] / 0.25) + epsilon))
    const expected: Record<string, Float32Array[]> = {
      sgd: [p.map((each, i) => each - rate * g[i]), v, w],
      momentum: [p.map((each, i) => each - rate * velocity[i]), velocity, w],
      nesterov: [p.map((each, i) => each - rate * (g[i] + decay * velocity[i])), velocity, w],
      adam: [adam, first, second]
    }
    for (const [name, vectors] of Object.entries(expected)) {
      const memory = new KernelMemory()
      const [atP, atG, atV, atW] = [p, g, v, w].map(values => memory.place(Float32Array.of(...values, 42)))
      const open = memory.open()
      if (name === 'sgd') open.sgd(atP, atG, rate, length)
      else if (name === 'adam') {
        open.adam(atP, atG, atV, atW, rate, decay, beta2, 0.25, 0.125, epsilon, 0.5, 0.25, length)
      } else open[name as 'momentum'](atP, atG, atV, rate, decay, length)
      for (const [i, at] of [atP, atV, atW].entries()) {
        close(memory.view(at, length + 1), [...vectors[i], 42], 1e-6, `${name} of ${length}, vector ${i}`)
      }
    }
  }
})

kernels('scale bytes where they lie, at the end of the room that the floats take', () => {
  for (const length of [...SIZES, 256]) {
    const bytes = Uint8Array.from({ length }, (_, i) => 255 - i)
    const memory = new KernelMemory()
    const at = memory.reserve(length + 1)
    const { scaleBytes } = memory.open()
    const room = memory.view(at, length + 1)
    room[length] = 42
    new Uint8Array(room.buffer, at + 3 * length, length).set(bytes)
    scaleBytes(at + 3 * length, at, length, 1 / 255)
    close(room, [...Float32Array.from(bytes, byte => byte * (1 / 255)), 42], 0, `${length} bytes`)
  }
})

kernels('tell of any length whether all values are finite, and look at none behind them', () => {
  for (const length of SIZES) {
    const memory = new KernelMemory()
    const at = memory.reserve(length + 1)
    const { allFinite } = memory.open()
    const values = memory.view(at, length + 1)
    values.set([...randomFloats(length, 'finite'), NaN])
    assert.is(allFinite(at, length), 1, `${length} finite values`)
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (let i = 0; i < length; i++) {
        const good = values[i]
        values[i] = bad
        assert.is(allFinite(at, length), 0, `${bad} at ${i} of ${length}`)
        values[i] = good
      }
    }
  }
})

kernels('let what an optimiser remembers decay to zero, and never stay subnormal', () => {
  const subnormal = 1e-39
  for (const length of [1, 4, 7]) {
    const remembered = Array.from({ length }, (_, i) => [subnormal, -subnormal, NaN][i % 3])
    const expected = remembered.map(each => (Number.isNaN(each) ? NaN : 0))
    for (const name of ['momentum', 'nesterov', 'adam'] as const) {
      const memory = new KernelMemory()
      const [p, g] = [memory.reserve(length), memory.reserve(length)]
      const [first, second] = [1, 2].map(() => memory.place(Float32Array.from(remembered)))
      const open = memory.open()
      if (name === 'adam') open.adam(p, g, first, second, 0.1, 1, 1, 0, 0, 1e-7, 1, 1, length)
      else open[name](p, g, first, 0.1, 1, length)
      for (const at of name === 'adam' ? [first, second] : [first]) {
        assert.equal(Array.from(memory.view(at, length), Math.abs), expected, `${name} of ${length}`)
      }
    }
  }
})

kernels('are refused more memory than they can address, with the figure', () => {
  const memory = new KernelMemory()
  memory.reserve(2 ** 29)
  assert.throws(
    () => memory.open(),
    (error: Error) => error instanceof EngineError && error.message.includes('2049 MiB')
  )
})

kernels.run()
