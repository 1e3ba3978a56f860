import { TILE_COLUMNS } from './tile'

/** Bytes of one step of a strip. */
const STEP: usize = TILE_COLUMNS << 2

/**
 * Copy a strip of a matrix, `lanes` wide and `k` deep, into `[k][16]` order; lanes beyond `lanes` become zero.
 *
 * @param lanes - at most 16
 * @param across - floats between neighbouring lanes
 * @param down - floats between neighbouring steps along k
 */
export function packStrip(source: usize, across: i32, down: i32, lanes: i32, k: i32, target: usize): void {
  if (lanes == TILE_COLUMNS && across == 1) {
    packLines(source, <usize>down << 2, k, target)
    return
  }
  for (let lane = 0; lane < TILE_COLUMNS; lane += 4) {
    packLanes(source + (<usize>(lane * across) << 2), across, down, lanes - lane, k, target + (<usize>lane << 2))
  }
}

/** Sixteen neighbouring lanes at a time. */
function packLines(source: usize, down: usize, k: i32, target: usize): void {
  for (let i = 0; i < k; i++, source += down, target += STEP) {
    v128.store(target, v128.load(source))
    v128.store(target, v128.load(source, 16), 16)
    v128.store(target, v128.load(source, 32), 32)
    v128.store(target, v128.load(source, 48), 48)
  }
}

function packLanes(source: usize, across: i32, down: i32, lanes: i32, k: i32, target: usize): void {
  if (lanes >= 4 && across == 1) {
    const step = <usize>down << 2
    for (let i = 0; i < k; i++) {
      v128.store(target, v128.load(source))
      source += step
      target += STEP
    }
  } else if (lanes <= 0) {
    for (let i = 0; i < k; i++, target += STEP) v128.store(target, f32x4.splat(0))
  } else if (lanes >= 4 && down == 1) {
    packTransposed(source, <usize>across << 2, k, target)
  } else {
    for (let i = 0; i < k; i++) {
      for (let lane = 0; lane < 4; lane++) {
        const value = lane < lanes ? load<f32>(source + (<usize>(i * down + lane * across) << 2)) : 0
        store<f32>(target + (<usize>lane << 2), value)
      }
      target += STEP
    }
  }
}

/** Four rows of contiguous values become `k` steps of four lanes: 4x4 blocks transposed in registers. */
function packTransposed(source: usize, row: usize, k: i32, target: usize): void {
  let p0 = source
  let p1 = p0 + row
  let p2 = p1 + row
  let p3 = p2 + row
  let i = 0
  for (; i + 4 <= k; i += 4) {
    const r0 = v128.load(p0)
    const r1 = v128.load(p1)
    const r2 = v128.load(p2)
    const r3 = v128.load(p3)
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
    v128.store(target, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5))
    target += STEP
    v128.store(target, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7))
    target += STEP
    v128.store(target, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5))
    target += STEP
    v128.store(target, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7))
    target += STEP
    p0 += 16
    p1 += 16
    p2 += 16
    p3 += 16
  }
  for (; i < k; i++) {
    store<f32>(target, load<f32>(p0))
    store<f32>(target, load<f32>(p1), 4)
    store<f32>(target, load<f32>(p2), 8)
    store<f32>(target, load<f32>(p3), 12)
    target += STEP
    p0 += 4
    p1 += 4
    p2 += 4
    p3 += 4
  }
}
