/** target[i] = source[i]. Short rows: a call to memory.copy would cost more than the copy. */
// @ts-ignore: decorator
@inline
export function copyRow(target: usize, source: usize, length: i32): void {
  let i = 0
  for (; i + 4 <= length; i += 4, target += 16, source += 16) v128.store(target, v128.load(source))
  for (; i < length; i++, target += 4, source += 4) store<f32>(target, load<f32>(source))
}

// @ts-ignore: decorator
@inline
export function zeroRow(target: usize, length: i32): void {
  let i = 0
  for (; i + 4 <= length; i += 4, target += 16) v128.store(target, f32x4.splat(0))
  for (; i < length; i++, target += 4) store<f32>(target, 0)
}

/** target[i] += source[i] */
// @ts-ignore: decorator
@inline
export function addRow(target: usize, source: usize, length: i32): void {
  let i = 0
  for (; i + 4 <= length; i += 4, target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)))
  }
  for (; i < length; i++, target += 4, source += 4) store<f32>(target, load<f32>(target) + load<f32>(source))
}

/** target[i] += factor * source[i] */
// @ts-ignore: decorator
@inline
export function addScaledRow(target: usize, source: usize, factor: f32, length: i32): void {
  const factors = f32x4.splat(factor)
  let i = 0
  for (; i + 4 <= length; i += 4, target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), f32x4.mul(factors, v128.load(source))))
  }
  for (; i < length; i++, target += 4, source += 4) store<f32>(target, load<f32>(target) + factor * load<f32>(source))
}
