// Arithmetic of four channels (v128) or of one (f32): what goes through columns of a matrix is written once for both.

// @ts-ignore: decorator
@inline
export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b)
  return a + b
}

// @ts-ignore: decorator
@inline
export function sub<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b)
  return a - b
}

// @ts-ignore: decorator
@inline
export function mul<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b)
  return a * b
}

// @ts-ignore: decorator
@inline
export function div<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.div(a, b)
  return a / b
}

// @ts-ignore: decorator
@inline
export function sqrt<T>(a: T): T {
  if (isVector<T>()) return f32x4.sqrt(a)
  return <T>Mathf.sqrt(a)
}

/** The value in each lane. */
// @ts-ignore: decorator
@inline
export function splat<T>(value: f32): T {
  if (isVector<T>()) return f32x4.splat(value)
  return value
}

// @ts-ignore: decorator
@inline
export function zero<T>(): T {
  if (isVector<T>()) return f32x4.splat(0)
  return 0
}

/** `value` where `told` is positive, else zero. */
// @ts-ignore: decorator
@inline
export function keepPositive<T>(value: T, told: T): T {
  if (isVector<T>()) return v128.and(value, f32x4.gt(told, f32x4.splat(0)))
  return told > 0 ? value : 0
}

/** The least normal number: those nearer to zero have fewer digits. */
const LEAST_NORMAL: f32 = 1.1754943508222875e-38

/**
 * The value, or zero where it is subnormal. Processors take a hundred times as long for a product of such a number, and what decays
 * ends there and stays: 0.9 times the least of them is rounded to itself.
 */
// @ts-ignore: decorator
@inline
export function withoutSubnormals<T>(value: T): T {
  if (isVector<T>()) return v128.andnot(value, f32x4.lt(f32x4.abs(value), f32x4.splat(LEAST_NORMAL)))
  return abs(value) < <T>LEAST_NORMAL ? 0 : value
}
