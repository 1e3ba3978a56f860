import type { Layout } from '../parameters.js'
import type { Rng } from '../rng.js'
import type { Adaptive } from './adaptive.js'

/** Turns a vector of `layout.size` floats into bytes and back. Stateless: error feedback is a wrapper around it. */
export interface Compressor {
  /** Canonical spec that creates it again, as `--compress` takes it: `float32`, `quantize:4`. */
  readonly spec: string
  /** The most bytes that `encode` can produce. A receiver refuses anything longer before it allocates. */
  readonly maxBytes: number
  /**
   * The consensus step that suits differences coded by it, in (0, 1] (CHOCO-SGD's gamma): the more of a difference gets
   * lost, the smaller.
   *
   * @default 1
   */
  readonly stepSize?: number | undefined
  /** True when messages leave coordinates out: a receiver then keeps there what it has. */
  readonly sparse?: true | undefined
  /** Only when its messages may be of different lengths, as a budget allows. */
  readonly adaptive?: Adaptive | undefined
  /**
   * The same compressor with messages of about `factor` times as many values as usual, within limits of its own; it decodes
   * messages of any length. Only when the strategy may say how long they are.
   */
  readonly scaled?: ((factor: number) => Compressor) | undefined
  /** Encodes in rounds without local steps, where that shall be another; each of the two decodes what the other encodes. */
  readonly sharing?: Compressor | undefined
  /** True when `decode` can begin in the middle, for no more than what it writes there costs. */
  readonly seekable?: true | undefined
  /**
   * @param input - length `layout.size`, finite; not modified
   * @param rng - where stochastic rounding and random choices come from
   * @returns at most `maxBytes` bytes that belong to the caller
   */
  encode(input: Float32Array, rng: Rng): Uint8Array
  /**
   * Write the coordinates that the message carries into `output`, changing it. Coordinates that it does not carry are
   * left as they are, so the caller fills `output` with what "absent" means: zeros for a difference, its own model for
   * a model.
   *
   * @param bytes - hostile until checked; at any alignment
   * @param output - length `layout.size`, or a part of it when `seekable`; finite afterwards if it was before
   * @param from - the coordinate that `output` begins with, a multiple of `TILE_LENGTH`; only when `seekable`. @default 0
   * @throws MalformedUpdateError when `bytes` is no encoding by this compressor; `output` is then undefined
   */
  decode(bytes: Uint8Array, output: Float32Array, from?: number): void
  /**
   * The coordinates that the message carries, for no more than these cost; only when `sparse`.
   *
   * @param bytes - as of `decode`
   * @throws MalformedUpdateError
   */
  readonly decodeKept?: ((bytes: Uint8Array) => Kept) | undefined
}

/** Some coordinates of a vector. */
export interface Kept {
  /** Ascending. */
  readonly indices: Uint32Array
  readonly values: Float32Array
}

/** What a compressor's file exports: how it is called in a spec, and how to make one. */
export interface CompressorKind {
  readonly name: string
  /** True when another compressor may code the values that this one keeps, as in `top-k:0.01+quantize:8`. */
  readonly composes?: true
  /**
   * @param argument - what follows the colon of a spec, or undefined
   * @param inner - creates what follows the `+`; undefined when nothing does, always so unless `composes`
   * @throws InvalidParametersError when the argument is outside its range
   */
  create(argument: string | undefined, layout: Layout, inner?: (layout: Layout) => Compressor): Compressor
}
