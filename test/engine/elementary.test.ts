import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KernelMemory } from '../../engine/kernel-memory.js'

const elementary = suite('elementary functions')

/** From -87 to 87, where e^x is a normal float32, denser towards zero, and zeros of both signs. */
const VALUES = Float32Array.from({ length: 4000 }, (_, i) => {
  const size = 87 * (i / 4000) ** 6
  return i % 2 === 0 ? size : -size
})

const FUNCTIONS = {
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x))
}

for (const [name, exact] of Object.entries(FUNCTIONS) as [keyof typeof FUNCTIONS, (x: number) => number][]) {
  elementary(`${name} keeps seven digits, however small or large its argument`, () => {
    const memory = new KernelMemory()
    const at = memory.reserve(VALUES.length)
    const kernels = memory.open()
    const values = memory.view(at, VALUES.length)
    values.set(VALUES)
    kernels[name](at, VALUES.length)
    VALUES.forEach((x, i) => {
      // The powers near zero are less than the least normal float32, which the format itself does not keep.
      const error = Math.abs(values[i] - exact(x)) / Math.max(Math.abs(exact(x)), 1e-37)
      assert.ok(error < 3e-7, `${name}(${x}) is ${values[i]}, expected ${exact(x)}: off by ${error}`)
    })
  })
}

elementary.run()
