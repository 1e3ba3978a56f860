import { addressOf, kernels, tile, TILE_LENGTH } from './vector-kernels.js'

/** One tensor of a model, in the order in which the model lists its trainable weights. */
export interface TensorShape {
  readonly name: string
  readonly shape: readonly number[]
}

/** How a model's parameters lie in their one contiguous Float32Array. */
export interface Layout {
  readonly tensors: readonly TensorShape[]
  /** Number of parameters. */
  readonly size: number
  /** 16 hexadecimal digits over every shape, in order. Models of two different hashes are never averaged. */
  readonly hash: string
}

/** @param tensors - in memory order: each follows the one before without a gap */
export function createLayout(tensors: readonly TensorShape[]): Layout {
  let size = 0
  for (const { shape } of tensors) size += elementCount(shape)
  return { tensors, size, hash: fnv1a64(tensors.map(({ shape }) => `[${shape.join()}]`).join('')) }
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** Add `a * x` to `y`, changing `y`. */
export function axpy(a: number, x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < y.length; i++) y[i] += a * x[i]
}

/** ||x - y||^2. */
export function squaredDistance(x: Float32Array, y: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const difference = x[i] - y[i]
    sum += difference * difference
  }
  return sum
}

/** True when no entry is NaN or infinite. */
export function allFinite(x: Float32Array): boolean {
  for (let from = 0; from < x.length; from += TILE_LENGTH) {
    const length = Math.min(TILE_LENGTH, x.length - from)
    const address = addressOf(x, from)
    if (address === undefined) tile.values.load(x, from, length)
    if (kernels.allFinite(address ?? tile.values.address, length) === 0) return false
  }
  return true
}

/**
 * Set `parameters` to what local steps led to: `work`, plus what was added to the parameters since the steps began at `base`.
 *
 * @param work - changed; may be where the steps began, if they led to nothing else
 * @param base - undefined: nothing was added
 * @returns false when an entry of that is NaN or infinite: the parameters are then as they were
 */
export function takeSteps(parameters: Float32Array, work: Float32Array, base: Float32Array | undefined): boolean {
  for (let from = 0; from < work.length; from += TILE_LENGTH) {
    const length = Math.min(TILE_LENGTH, work.length - from)
    tile.values.load(work, from, length)
    if (base !== undefined) {
      tile.ours.load(base, from, length)
      tile.theirs.load(parameters, from, length)
      kernels.addDifference(tile.values.address, tile.theirs.address, tile.ours.address, length)
    }
    if (kernels.allFinite(tile.values.address, length) === 0) return false
    // All of it is in the tile: no need to read `work`, which others wrote, once more.
    if (length === work.length) {
      tile.values.save(length, parameters, 0)
      return true
    }
    if (base !== undefined) tile.values.save(length, work, from)
  }
  parameters.set(work)
  return true
}

/**
 * How far a swarm is from agreeing: the root of the mean over nodes of ||x_i - mean||^2.
 *
 * @param models - one vector a node, all of one length (parameters, or sketches of them)
 */
export function consensusDistance(models: readonly Float32Array[]): number {
  if (models.length === 0) return 0
  const mean = new Float64Array(models[0].length)
  for (const model of models) for (let i = 0; i < mean.length; i++) mean[i] += model[i] / models.length
  let sum = 0
  for (const model of models) {
    for (let i = 0; i < mean.length; i++) {
      const difference = model[i] - mean[i]
      sum += difference * difference
    }
  }
  return Math.sqrt(sum / models.length)
}

/** Fowler-Noll-Vo 1a, 64 bits, as 16 hexadecimal digits. A fingerprint, not a cryptographic hash. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
