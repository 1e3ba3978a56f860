import { sigmoid4, tanh4 } from './exponential'

// Each of these reads and writes up to three floats past the end.

export function sigmoid(values: usize, length: i32): void {
  const end = values + (<usize>length << 2)
  for (; values < end; values += 16) v128.store(values, sigmoid4(v128.load(values)))
}

/** gradient *= y (1 - y), y being what `sigmoid` gave. */
export function sigmoidGradient(gradient: usize, y: usize, length: i32): void {
  const one = f32x4.splat(1)
  const end = gradient + (<usize>length << 2)
  for (; gradient < end; gradient += 16, y += 16) {
    const given = v128.load(y)
    const slope = f32x4.mul(given, f32x4.sub(one, given))
    v128.store(gradient, f32x4.mul(v128.load(gradient), slope))
  }
}

export function tanh(values: usize, length: i32): void {
  const end = values + (<usize>length << 2)
  for (; values < end; values += 16) v128.store(values, tanh4(v128.load(values)))
}

/** gradient *= 1 - y^2, y being what `tanh` gave. */
export function tanhGradient(gradient: usize, y: usize, length: i32): void {
  const one = f32x4.splat(1)
  const end = gradient + (<usize>length << 2)
  for (; gradient < end; gradient += 16, y += 16) {
    const given = v128.load(y)
    v128.store(gradient, f32x4.mul(v128.load(gradient), f32x4.sub(one, f32x4.mul(given, given))))
  }
}
