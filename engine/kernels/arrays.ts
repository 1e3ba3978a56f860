import { addRow, copyRow } from './rows'

/** target = source; they must not overlap. */
export function copy(source: usize, target: usize, length: i32): void {
  memory.copy(target, source, <usize>length << 2)
}

/** target += source */
export function addInto(source: usize, target: usize, length: i32): void {
  addRow(target, source, length)
}

/**
 * Copy `count` rows of `width` floats.
 *
 * @param sourcePitch - floats between the starts of two rows of the source
 * @param targetPitch - the same of the target
 */
export function copyRows(
  source: usize, sourcePitch: i32, target: usize, targetPitch: i32, width: i32, count: i32
): void {
  for (let i = 0; i < count; i++, source += <usize>sourcePitch << 2, target += <usize>targetPitch << 2) {
    copyRow(target, source, width)
  }
}

/** Bytes as floats, each times `factor` before it is rounded. The bytes may lie at the end of the room that the floats take. */
export function scaleBytes(source: usize, target: usize, length: i32, factor: f64): void {
  for (; length >= 4; length -= 4, source += 4, target += 16) {
    const bytes = i32x4.splat(load<i32>(source))
    const values = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes))
    const low = scalePair(values, factor)
    const high = scalePair(v128.shuffle<i32>(values, values, 2, 3, 2, 3), factor)
    v128.store(target, v128.shuffle<f32>(low, high, 0, 1, 4, 5))
  }
  for (; length > 0; length--, source++, target += 4) store<f32>(target, <f32>(factor * <f64>load<u8>(source)))
}

/** The first two values, in the first two lanes. */
// @ts-ignore: decorator
@inline
function scalePair(values: v128, factor: f64): v128 {
  return f32x4.demote_f64x2_zero(f64x2.mul(f64x2.convert_low_i32x4_u(values), f64x2.splat(factor)))
}

/** From [first][second][width] to [second][first][width]. */
export function swapAxes(source: usize, first: i32, second: i32, width: i32, target: usize): void {
  const row = <usize>width << 2
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++, source += row) copyRow(target + <usize>(j * first + i) * row, source, width)
  }
}

/** Each value `times` times in a row. */
export function repeatValues(source: usize, length: i32, times: i32, target: usize): void {
  for (let i = 0; i < length; i++, source += 4) {
    const value = load<f32>(source)
    for (let j = 0; j < times; j++, target += 4) store<f32>(target, value)
  }
}

/** The sum of each `times` values in a row: the gradient of `repeatValues`. */
export function sumRepeated(source: usize, length: i32, times: i32, target: usize): void {
  for (let i = 0; i < length; i++, target += 4) {
    let sum: f32 = 0
    for (let j = 0; j < times; j++, source += 4) sum += load<f32>(source)
    store<f32>(target, sum)
  }
}
