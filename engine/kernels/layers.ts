import { atLeast } from './bounds'

/** Set what is negative to zero. Reads and writes up to three floats past the end. */
export function relu(values: usize, length: i32): void {
  const zero = f32x4.splat(0)
  const end = values + (<usize>length << 2)
  for (; values < end; values += 16) v128.store(values, atLeast(zero, v128.load(values)))
}

/** Set the gradient to zero wherever the activation is zero. Reads and writes up to three floats past the end. */
export function reluGradient(gradient: usize, activation: usize, length: i32): void {
  const zero = f32x4.splat(0)
  const end = gradient + (<usize>length << 2)
  for (; gradient < end; gradient += 16, activation += 16) {
    const passes = f32x4.gt(v128.load(activation), zero)
    v128.store(gradient, v128.and(v128.load(gradient), passes))
  }
}
