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
