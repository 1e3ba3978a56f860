import { suite } from 'uvu'
import { convolutionScratch, KernelMemory } from '../../engine/kernel-memory.js'
import { encodeWindow, windowShape, type WindowShape } from '../../engine/plan/window.js'
import { createRng, type Rng } from '../../learning/rng.js'
import { close } from '../helpers/close.js'

const convolutions = suite('convolution kernels')
const CASES = 120
/** Of the largest value. Going by points costs two bits of it. */
const TOLERANCE = 5e-6
/** More than are worked on at a time, where images are large. */
const MOST_IMAGES = 5
const GUARD = 42

interface Case {
  readonly label: string
  readonly window: WindowShape
  readonly images: number
}

/** Any window; half of them of lines of 3 or 5 taps over and to multiples of 4 channels, which go by points. */
function drawCase(rng: Rng): Case {
  const between = (least: number, most: number): number => least + rng.integer(most - least + 1)
  const byPoints = rng.uniform() < 0.5
  const unit = byPoints ? 4 : 1
  const kernel = byPoints ? [between(1, 4), rng.uniform() < 0.5 ? 3 : 5] : [between(1, 4), between(1, 6)]
  const strides = byPoints ? [1, 1] : [between(1, 3), between(1, 3)]
  const input = [between(kernel[0], 8), between(kernel[1], 30), unit * between(1, 5)]
  const padding = rng.uniform() < 0.5 ? 'same' : 'valid'
  const extents = [0, 1].map(i => {
    return Math.ceil((padding === 'same' ? input[i] : input[i] - kernel[i] + 1) / strides[i])
  })
  const outputShape = [...extents, unit * between(1, 6)]
  const layer = { class_name: 'Conv2D', config: { padding }, inputShape: input, outputShape }
  const shape = { ...layer, inputShapes: [input], inputs: [], tensors: [] }
  const label = `${input.join('x')}, ${kernel.join('x')}x${outputShape[2]}, strides ${strides.join('x')}, ${padding}`
  return { label, window: windowShape(shape, kernel, strides), images: between(1, MOST_IMAGES) }
}

/** Every product that a convolution sums: its indices in x, filter and y. */
function eachProduct({ window: w, images }: Case, visit: (x: number, filter: number, y: number) => void): void {
  for (let image = 0; image < images; image++) {
    for (let oy = 0; oy < w.outputHeight; oy++) {
      for (let ox = 0; ox < w.outputWidth; ox++) {
        const output = ((image * w.outputHeight + oy) * w.outputWidth + ox) * w.filters
        for (let ky = 0; ky < w.kernelHeight; ky++) {
          for (let kx = 0; kx < w.kernelWidth; kx++) {
            const [y, x] = [oy * w.strideY - w.top + ky, ox * w.strideX - w.left + kx]
            if (y < 0 || y >= w.height || x < 0 || x >= w.width) continue
            const pixel = ((image * w.height + y) * w.width + x) * w.channels
            const tap = (ky * w.kernelWidth + kx) * w.channels
            for (let c = 0; c < w.channels; c++) {
              for (let f = 0; f < w.filters; f++) visit(pixel + c, (tap + c) * w.filters + f, output + f)
            }
          }
        }
      }
    }
  }
}

convolutions(`compute and differentiate ${CASES} windows as defined`, () => {
  for (let seed = 0; seed < CASES; seed++) check(drawCase(createRng(`window ${seed}`)), seed % 4 === 0, seed % 3 > 0)
})

function check(each: Case, relaxedSimd: boolean, asksTogether: boolean): void {
  const { window: w, images, label } = each
  const rng = createRng(label)
  const draw = (length: number) => Float32Array.from({ length }, () => rng.normal())
  const x = draw(images * w.height * w.width * w.channels)
  const filter = draw(w.kernelHeight * w.kernelWidth * w.channels * w.filters)
  const yGradient = draw(images * w.outputHeight * w.outputWidth * w.filters)
  const bias = draw(w.filters)
  const y = Float64Array.from(yGradient, (_, i) => bias[i % w.filters])
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
  const scratch = memory.reserve(convolutionScratch(w))
  const guard = memory.reserve(1)
  const kernels = memory.open(relaxedSimd)
  for (const result of results) memory.view(result.at, result.length + 1)[result.length] = GUARD
  memory.view(guard, 1)[0] = GUARD
  const [atY, atFilterGradient, atXGradient] = results.map(result => result.at)
  kernels.convolve(at, images, atX, atFilter, atBias, atY, true, scratch)
  const gradients = (filterGradient: number, xGradient: number) =>
    kernels.convolveGradients(at, images, atX, atYGradient, atFilter, filterGradient, xGradient, scratch)
  if (asksTogether) gradients(atFilterGradient, atXGradient)
  else {
    gradients(atFilterGradient, 0)
    gradients(0, atXGradient)
  }

  const expected = { y: y.map(value => Math.max(0, value)), filterGradient, xGradient }
  Object.entries(expected).forEach(([name, values], i) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const actual = memory.view(results[i].at, results[i].length + 1)
    close(actual, [...values, GUARD], TOLERANCE * largest, `${name} of ${label}`)
  })
  close(memory.view(guard, 1), [GUARD], 0, `scratch of ${label}`)
}

convolutions.run()
