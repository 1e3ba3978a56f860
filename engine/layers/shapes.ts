import { elementCount } from '../../learning/parameters.js'
import { InvalidModelError } from '../errors.js'
import type { Config, Describe, Shape } from './describe.js'

export const unchanged: Describe = (_, shape) => ({ outputShape: shape, tensors: [] })

export const flatten: Describe = (_, shape) => ({ outputShape: [elementCount(shape)], tensors: [] })

/** One extent may be left open, as -1 or null. */
export const reshape: Describe = (config, shape) => {
  const target = (config.target_shape as (number | null)[]).map(extent => extent ?? -1)
  const known = elementCount(target.filter(extent => extent !== -1))
  const outputShape = target.map(extent => (extent === -1 ? elementCount(shape) / known : extent))
  if (elementCount(outputShape) !== elementCount(shape)) {
    const found = `layer "${String(config.name)}" (Reshape) cannot make [${target.join(', ')}] of [${shape.join(', ')}]`
    throw new InvalidModelError(`${found}; expected as many numbers`)
  }
  return { outputShape, tensors: [] }
}

/** The sum of inputs of one shape. */
export const add: Describe = (config, shape, shapes) => {
  if (shapes.length < 2 || shapes.some(other => other.join() !== shape.join())) {
    throw new InvalidModelError(`${named(config, 'Add')} takes ${list(shapes)}; expected at least two of one shape`)
  }
  return { outputShape: shape, tensors: [] }
}

export const concatenate: Describe = (config, shape, shapes) => {
  const axis = concatenationAxis(config, shape)
  const others = (each: Shape) => each.filter((_, i) => i !== axis).join()
  if (
    shapes.length < 2 ||
    !(axis in shape) ||
    shapes.some(each => each.length !== shape.length || others(each) !== others(shape))
  ) {
    const expected = 'expected at least two that differ in the joined extent alone'
    throw new InvalidModelError(`${named(config, 'Concatenate')} takes ${list(shapes)}; ${expected}`)
  }
  const joined = shapes.reduce((sum, each) => sum + each[axis], 0)
  return { outputShape: shape.map((extent, i) => (i === axis ? joined : extent)), tensors: [] }
}

/** Which extent of an example is joined; a topology counts the batch as extent 0. */
export function concatenationAxis({ axis = -1 }: Config, shape: Shape): number {
  const given = (axis ?? -1) as number
  return given < 0 ? shape.length + given : given - 1
}

function named(config: Config, kind: string): string {
  return `layer "${String(config.name)}" (${kind})`
}

function list(shapes: readonly Shape[]): string {
  return shapes.map(shape => `[${shape.join(', ')}]`).join(' and ')
}
