import type { Rng } from '../learning/rng.js'
import { InvalidModelError } from './errors.js'

/** A Keras initialiser as a topology writes it. */
export interface InitializerConfig {
  readonly class_name: string
  readonly config?: Record<string, unknown>
}

/** The named forms of VarianceScaling, as Keras and tfjs define them. */
const SCALINGS: Record<string, { scale: number; mode: string; distribution: string }> = {
  GlorotUniform: { scale: 1, mode: 'fanAvg', distribution: 'uniform' },
  GlorotNormal: { scale: 1, mode: 'fanAvg', distribution: 'normal' },
  HeUniform: { scale: 2, mode: 'fanIn', distribution: 'uniform' },
  HeNormal: { scale: 2, mode: 'fanIn', distribution: 'normal' },
  LeCunUniform: { scale: 1, mode: 'fanIn', distribution: 'uniform' },
  LeCunNormal: { scale: 1, mode: 'fanIn', distribution: 'normal' }
}

/**
 * Fill `target` with what the initialiser of a tensor of this shape draws.
 *
 * @param initializer - Keras or tfjs name: VarianceScaling and its named forms, Orthogonal, RandomUniform, RandomNormal,
 * TruncatedNormal, Zeros, Ones, Constant; UnitForgetBias is what LSTM calls `unit_forget_bias`
 * @throws InvalidModelError for another initialiser
 */
export function initialize(
  target: Float32Array,
  shape: readonly number[],
  initializer: InitializerConfig,
  rng: Rng
): void {
  const { class_name: name, config = {} } = initializer
  if (name === 'Zeros') target.fill(0)
  else if (name === 'Ones') target.fill(1)
  else if (name === 'Constant') target.fill(numberOr(config.value, 0))
  else if (name === 'VarianceScaling' || name in SCALINGS) {
    const { scale, mode, distribution } = { ...SCALINGS[name], ...config } as Record<string, unknown>
    varianceScaling(target, shape, numberOr(scale, 1), camelCase(mode, 'fanIn'), camelCase(distribution, 'normal'), rng)
  } else if (name === 'RandomUniform') {
    const [least, most] = [numberOr(config.minval, -0.05), numberOr(config.maxval, 0.05)]
    for (let i = 0; i < target.length; i++) target[i] = least + (most - least) * rng.uniform()
  } else if (name === 'RandomNormal' || name === 'TruncatedNormal') {
    const [mean, deviation] = [numberOr(config.mean, 0), numberOr(config.stddev, 0.05)]
    const draw = name === 'RandomNormal' ? () => rng.normal() : () => truncatedNormal(rng)
    for (let i = 0; i < target.length; i++) target[i] = mean + deviation * draw()
  } else if (name === 'Orthogonal') orthogonal(target, shape, numberOr(config.gain, 1), rng)
  else if (name === 'UnitForgetBias') {
    const units = config.units as number
    target.fill(0).fill(1, units, 2 * units)
  } else throw new InvalidModelError(`unknown initializer "${name}"; expected one of ${KNOWN.join(', ')}`)
}

const KNOWN: readonly string[] = [
  ...['VarianceScaling', ...Object.keys(SCALINGS), 'Orthogonal', 'RandomUniform', 'RandomNormal', 'TruncatedNormal'],
  ...['Zeros', 'Ones', 'Constant']
]

/**
 * Rows or columns, whichever are fewer, that are orthogonal to each other and of one length: normal vectors made so by
 * the modified Gram-Schmidt process, twice for its rounding.
 *
 * Source: Saxe, McClelland, Ganguli, "Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks",
 * ICLR 2014.
 */
function orthogonal(target: Float32Array, shape: readonly number[], gain: number, rng: Rng): void {
  const columns = shape[shape.length - 1]
  const rows = target.length / columns
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
  const vectors: Float64Array[] = []
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => rng.normal())
    for (const other of [...vectors, ...vectors]) {
      const shared = dot(vector, other)
      for (let i = 0; i < length; i++) vector[i] -= shared * other[i]
    }
    const size = Math.sqrt(dot(vector, vector))
    vectors.push(vector.map(value => value / size))
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = rows < columns ? vectors[row][column] : vectors[column][row]
      target[row * columns + column] = gain * value
    }
  }
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
  return sum
}

/** As VarianceScaling of tfjs 4.22, whose normal is cut at two deviations and not widened again. */
function varianceScaling(
  target: Float32Array,
  shape: readonly number[],
  scale: number,
  mode: string,
  distribution: string,
  rng: Rng
): void {
  const [fanIn, fanOut] = fans(shape)
  const fan = mode === 'fanIn' ? fanIn : mode === 'fanOut' ? fanOut : (fanIn + fanOut) / 2
  const variance = scale / Math.max(1, fan)
  if (distribution === 'uniform') {
    const limit = Math.sqrt(3 * variance)
    for (let i = 0; i < target.length; i++) target[i] = limit * (2 * rng.uniform() - 1)
  } else {
    const deviation = Math.sqrt(variance)
    for (let i = 0; i < target.length; i++) target[i] = deviation * truncatedNormal(rng)
  }
}

/** A standard normal, drawn again while it lies beyond two deviations. */
function truncatedNormal(rng: Rng): number {
  let drawn = rng.normal()
  while (Math.abs(drawn) > 2) drawn = rng.normal()
  return drawn
}

/** Inputs and outputs of one unit: the last two extents are channels, those before them a receptive field. */
function fans(shape: readonly number[]): [number, number] {
  if (shape.length === 1) return [Math.sqrt(shape[0]), Math.sqrt(shape[0])]
  const field = shape.slice(0, -2).reduce((product, extent) => product * extent, 1)
  return [shape[shape.length - 2] * field, shape[shape.length - 1] * field]
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

/** Saved models write fan_avg and truncated_normal, tfjs in memory fanAvg and truncatedNormal. */
function camelCase(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) : otherwise
}
