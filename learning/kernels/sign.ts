const BLOCK: usize = 128

/**
 * Code whole blocks as learning/compression/sign.ts tells: a bfloat16, then, unless it is 0, a bit a value.
 *
 * @param values - `blocks` x 128 floats
 * @param bytes - written, up to 18 a block
 * @returns the byte after the last one written
 */
export function packSigns(values: usize, blocks: i32, bytes: usize): usize {
  for (let block = 0; block < blocks; block++, values += BLOCK * 4) {
    let sums = f64x2.splat(0)
    for (let i: usize = 0; i < BLOCK * 4; i += 16) {
      const magnitudes = f32x4.abs(v128.load(values + i))
      const shifted = i8x16.shuffle(magnitudes, magnitudes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
      sums = f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(magnitudes), f64x2.promote_low_f32x4(shifted)))
    }
    const mean = <f32>((f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)) / <f64>BLOCK)
    const scale = reinterpret<u32>(mean) >>> 16
    store<u16>(bytes, <u16>scale)
    bytes += 2
    if (scale == 0) continue
    for (let i: usize = 0; i < BLOCK * 4; i += 64, bytes += 2) {
      const low = i16x8.narrow_i32x4_s(i32x4.shr_s(v128.load(values + i), 31), i32x4.shr_s(v128.load(values + i, 16), 31))
      const high = i16x8.narrow_i32x4_s(i32x4.shr_s(v128.load(values + i, 32), 31), i32x4.shr_s(v128.load(values + i, 48), 31))
      store<u16>(bytes, <u16>~i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)))
    }
  }
  return bytes
}
