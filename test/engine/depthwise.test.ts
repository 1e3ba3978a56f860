import { suite } from 'uvu'
import { KernelMemory } from '../../engine/kernel-memory.js'
import { encodeWindow, windowShape, type WindowShape } from '../../engine/plan/window.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { close } from '../helpers/close.js'

const depthwise = suite('depthwise kernels')
const CASES = 200
/** Of the largest value. */
const TOLERANCE = 2e-6
const MOST_IMAGES = 3
const GUARD = 42

interface Case {
  readonly label: string
  readonly window: WindowShape
  readonly images: number
}

/** Any window; channels by the sixteen, by the four and one by one, and all of these together. */
function drawCase(rng: Rng): Case {
  const between = (least: number, most: number): number => least + rng.integer(most - least + 1)
  const kernel = [between(1, 4), between(1, 6)]
  const strides = [between(1, 3), between(1, 3)]
  const input = [between(kernel[0], 9), between(kernel[1], 9), 16 * between(0, 2) + 4 * between(0, 2) + between(1, 3)]
  return caseOf(rng, kernel, strides, input)
}

/** A window of 3 x 3 at stride 1, which has kernels of its own when channels go by the four; the image may be smaller than it. */
function drawThreeByThree(rng: Rng): Case {
  const input = [1 + rng.integer(7), 1 + rng.integer(7), 4 * (1 + rng.integer(5))]
  return caseOf(rng, [3, 3], [1, 1], input)
}

function caseOf(rng: Rng, kernel: number[], strides: number[], input: number[]): Case {
  const fits = input[0] >= kernel[0] && input[1] >= kernel[1]
  const padding = !fits || rng.uniform() < 0.5 ? 'same' : 'valid'
  const extents = [0, 1].map(i => {
    return Math.ceil((padding === 'same' ? input[i] : input[i] - kernel[i] + 1) / strides[i])
  })
  const layer = { class_name: 'DepthwiseConv2D', config: { padding }, inputShape: input }
  const shape = { ...layer, outputShape: [...extents, input[2]], inputShapes: [input], inputs: [], tensors: [] }
  const label = `${input.join('x')}, ${kernel.join('x')}, strides ${strides.join('x')}, ${padding}`
  return { label, window: windowShape(shape, kernel, strides), images: 1 + rng.integer(MOST_IMAGES) }
}

/** Every product that is summed: its indices in x, filter and y. */
function eachProduct({ window: w, images }: Case, visit: (x: number, filter: number, y: number) => void): void {
  for (let image = 0; image < images; image++) {
    for (let oy = 0; oy < w.outputHeight; oy++) {
      for (let ox = 0; ox < w.outputWidth; ox++) {
        const output = ((image * w.outputHeight + oy) * w.outputWidth + ox) * w.channels
        for (let ky = 0; ky < w.kernelHeight; ky++) {
          for (let kx = 0; kx < w.kernelWidth; kx++) {
            const [y, x] = [oy * w.strideY - w.top + ky, ox * w.strideX - w.left + kx]
            if (y < 0 || y >= w.height || x < 0 || x >= w.width) continue
            const pixel = ((image * w.height + y) * w.width + x) * w.channels
            const tap = (ky * w.kernelWidth + kx) * w.channels
            for (let c = 0; c < w.channels; c++) visit(pixel + c, tap + c, output + c)
          }
        }
      }
    }
  }
}

depthwise(`compute and differentiate ${CASES} windows as defined`, () => {
  for (let seed = 0; seed < CASES; seed++) check(drawCase(createRng(`depthwise ${seed}`)), seed % 2 === 0)
})

depthwise(`compute and differentiate ${CASES} windows of 3 x 3 as defined`, () => {
  for (let seed = 0; seed < CASES; seed++) check(drawThreeByThree(createRng(`three ${seed}`)), seed % 4 < 2)
})

function check(each: Case, relaxedSimd: boolean): void {
  const { window: w, images, label } = each
  const rng = createRng(label)
  const draw = (length: number) => Float32Array.from({ length }, () => rng.normal())
  const x = draw(images * w.height * w.width * w.channels)
  const filter = draw(w.kernelHeight * w.kernelWidth * w.channels)
  const yGradient = draw(images * w.outputHeight * w.outputWidth * w.channels)
  const bias = draw(w.channels)
  const isFused = rng.uniform() < 0.5
  const y = Float64Array.from(yGradient, (_, i) => (isFused ? bias[i % w.channels] : 0))
  const filterGradient = new Float64Array(filter.length)
  const xGradient = new Float64Array(x.length)
  eachProduct(each, (i, j, k) => {
    y[k] += x[i] * filter[j]
    filterGradient[j] += x[i] * yGradient[k]
    xGradient[i] += filter[j] * yGradient[k]
  })

  const memory = new KernelMemory()
  const at = memory.place(encodeWindow(w))
  const [atX, atFilter, atYGradient, atBias] = [x, filter, yGradient, bias].map(values => memory.place(values))
  const results = [y, filterGradient, xGradient].map(({ length }) => ({ length, at: memory.reserve(length + 1) }))
  const kernels = memory.open(relaxedSimd)
  for (const result of results) memory.view(result.at, result.length + 1).fill(GUARD)
  const [atY, atFilterGradient, atXGradient] = results.map(result => result.at)
  kernels.depthwise(at, images, atX, atFilter, isFused ? atBias : 0, atY, isFused)
  kernels.depthwiseFilterGradient(at, images, atX, atYGradient, atFilterGradient)
  kernels.depthwiseInputGradient(at, images, atYGradient, atFilter, atXGradient)

  const expected = { y: isFused ? y.map(value => Math.max(0, value)) : y, filterGradient, xGradient }
  Object.entries(expected).forEach(([name, values], i) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const actual = memory.view(results[i].at, results[i].length + 1)
    close(actual, [...values, GUARD], TOLERANCE * largest, `${name} of ${label}`)
  })
}

depthwise.run()
