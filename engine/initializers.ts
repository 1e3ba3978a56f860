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
 * @param initializer - Keras or tfjs name: VarianceScaling and its named forms, Zeros, Ones, Constant
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
  } else {
    const known = ['VarianceScaling', ...Object.keys(SCALINGS), 'Zeros', 'Ones', 'Constant']
    throw new InvalidModelError(`unknown initializer "${name}"; expected one of ${known.join(', ')}`)
  }
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
