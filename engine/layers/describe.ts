import type { InitializerConfig } from '../initializers.js'

/** A layer's configuration as a saved topology writes it. */
export type Config = Readonly<Record<string, unknown>>

/** Extents of one example. */
export type Shape = readonly number[]

/** A trainable tensor of a layer and what it starts as. */
export interface TensorPlan {
  readonly name: string
  readonly shape: Shape
  readonly initializer: InitializerConfig
}

/** What a layer makes of one example. */
export interface LayerPlan {
  readonly outputShape: Shape
  readonly tensors: readonly TensorPlan[]
}

/**
 * @param shape - of what enters the layer, the first of several
 * @param shapes - of all that enters it
 * @returns what the layer makes of it; an extent that is no whole number above 0 says that it cannot
 */
export type Describe = (config: Config, shape: Shape, shapes: readonly Shape[]) => LayerPlan

export const GLOROT_NORMAL: InitializerConfig = { class_name: 'GlorotNormal' }
export const GLOROT_UNIFORM: InitializerConfig = { class_name: 'GlorotUniform' }
export const ORTHOGONAL: InitializerConfig = { class_name: 'Orthogonal' }
export const ZEROS: InitializerConfig = { class_name: 'Zeros' }
export const ONES: InitializerConfig = { class_name: 'Ones' }

/** @param key - of the initialiser in the layer's configuration */
export function tensor(
  name: string,
  shape: Shape,
  config: Config,
  otherwise: InitializerConfig,
  key = `${name}_initializer`
): TensorPlan {
  return { name, shape, initializer: (config[key] as InitializerConfig | null | undefined) ?? otherwise }
}

export function bias(config: Config, units: number): TensorPlan[] {
  return config.use_bias === false ? [] : [tensor('bias', [units], config, ZEROS)]
}

/** Whether an option of a layer is set to something other than its neutral value. */
export function isSet(value: unknown): boolean {
  return (value ?? false) !== false && value !== 0
}
