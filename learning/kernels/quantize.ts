// The format is told in learning/compression/quantize.ts. Values come in whole blocks: what lies past the end is zero.

const BLOCK: usize = 64
/** 2^64: far enough from the ends of float32 for a unit and its reciprocal to be normal numbers. */
const FAR: f32 = 1.8446744073709552e19
/** 1.5 x 2^23: added to a small whole number, positive or negative, leaves it in the last bits of the sum. */
const WHOLE: f32 = 12582912

/** A bfloat16 as a float32. */
// @ts-ignore: decorator
@inline
function widen(bits: u32): f32 {
  return reinterpret<f32>(bits << 16)
}

// @ts-ignore: decorator
@inline
function magnitudes(values: usize): v128 {
  return f32x4.abs(v128.load(values))
}

/** The smallest bfloat16, as bits, whose `levels`-fold reaches every magnitude of the block. */
// @ts-ignore: decorator
@inline
function unitOf(values: usize, levels: f64, largestUnit: u32): u32 {
  // Four at once: a comparison need not wait for the one before.
  let first = magnitudes(values)
  let second = magnitudes(values + 16)
  let third = magnitudes(values + 32)
  let fourth = magnitudes(values + 48)
  for (let i: usize = 64; i < BLOCK * 4; i += 64) {
    first = f32x4.pmax(first, magnitudes(values + i))
    second = f32x4.pmax(second, magnitudes(values + i + 16))
    third = f32x4.pmax(third, magnitudes(values + i + 32))
    fourth = f32x4.pmax(fourth, magnitudes(values + i + 48))
  }
  const four = f32x4.pmax(f32x4.pmax(first, second), f32x4.pmax(third, fourth))
  const two = f32x4.pmax(four, i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
  const largest = <f64>max(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1))
  const below = reinterpret<u32>(<f32>(largest / levels)) >>> 16
  const unit = <f64>widen(below) * levels < largest ? below + 1 : below
  return min(unit, largestUnit)
}

/** Four values in units, rounded down after a random share of a unit was added, as float32 in whose last bits the number lies. */
// @ts-ignore: decorator
@inline
function roundFour(values: usize, factor: v128, perUnit: v128, share: v128): v128 {
  const units = f32x4.mul(f32x4.mul(v128.load(values), factor), perUnit)
  return f32x4.add(f32x4.floor(f32x4.add(units, share)), f32x4.splat(WHOLE))
}

// @ts-ignore: decorator
@inline
function roundEight(values: usize, factor: v128, perUnit: v128, random: usize, levels: i32): v128 {
  // Behind the upper half of 128, 16 bits are 2^16ths; k of them become k + 1/2.
  const words = v128.load(random)
  const upper = i16x8.splat(0x4300)
  const less = f32x4.splat(128 - 0.5 / 65536)
  const low = i8x16.shuffle(words, upper, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
  const high = i8x16.shuffle(words, upper, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
  const first = roundFour(values, factor, perUnit, f32x4.sub(low, less))
  const second = roundFour(values + 16, factor, perUnit, f32x4.sub(high, less))
  const whole = i32x4.splat(reinterpret<i32>(WHOLE))
  const steps = i16x8.narrow_i32x4_s(i32x4.sub(first, whole), i32x4.sub(second, whole))
  return i16x8.add_sat_s(steps, i16x8.splat(<i16>levels))
}

/** Sixteen codes, a byte each. */
// @ts-ignore: decorator
@inline
function roundSixteen(values: usize, factor: v128, perUnit: v128, random: usize, levels: i32): v128 {
  const low = roundEight(values, factor, perUnit, random, levels)
  const high = roundEight(values + 32, factor, perUnit, random + 16, levels)
  return i8x16.min_u(i8x16.narrow_i16x8_u(low, high), i8x16.splat(<i8>(2 * levels)))
}

/** Pairs of bytes into one: the second one's bits above the first one's. */
// @ts-ignore: decorator
@inline
function packPairs(low: v128, high: v128, bits: i32): v128 {
  const mask = i16x8.splat(0xff)
  const first = v128.and(v128.or(low, i16x8.shr_u(low, 8 - bits)), mask)
  const second = v128.and(v128.or(high, i16x8.shr_u(high, 8 - bits)), mask)
  return i8x16.narrow_i16x8_u(first, second)
}

// @ts-ignore: decorator
@inline
function quantize(
  bits: i32, values: usize, blocks: i32, scales: usize, codes: usize, random: usize, largestUnit: u32
): void {
  const levels = (1 << (bits - 1)) - 1
  // Before all values, for what one unit is takes long, and the next need not wait for it.
  for (let block = 0; block < blocks; block++) {
    store<u16>(scales + (<usize>block << 1), <u16>unitOf(values + <usize>block * (BLOCK * 4), <f64>levels, largestUnit))
  }
  for (let block = 0; block < blocks; block++) {
    const unit = <u32>load<u16>(scales)
    scales += 2
    const size = widen(unit)
    const scaleUp = size < 1 / FAR ? FAR : size > FAR ? 1 / FAR : <f32>1
    const factor = f32x4.splat(scaleUp)
    const perUnit = f32x4.splat(unit == 0 ? 0 : 1 / (size * scaleUp))
    const first = roundSixteen(values, factor, perUnit, random, levels)
    const second = roundSixteen(values + 64, factor, perUnit, random + 32, levels)
    const third = roundSixteen(values + 128, factor, perUnit, random + 64, levels)
    const fourth = roundSixteen(values + 192, factor, perUnit, random + 96, levels)
    values += BLOCK * 4
    random += BLOCK * 2
    if (bits == 8) {
      v128.store(codes, first)
      v128.store(codes, second, 16)
      v128.store(codes, third, 32)
      v128.store(codes, fourth, 48)
      codes += 64
    } else if (bits == 4) {
      v128.store(codes, packPairs(first, second, 4))
      v128.store(codes, packPairs(third, fourth, 4), 16)
      codes += 32
    } else {
      v128.store(codes, packPairs(packPairs(first, second, 2), packPairs(third, fourth, 2), 4))
      codes += 16
    }
  }
}

/**
 * @param values - `blocks` x 64 floats
 * @param scales - 2 bytes a block, written
 * @param codes - 8, 4 or 2 bits a value, written
 * @param random - 16 random bits a value
 * @param largestUnit - the bits of a bfloat16
 */
export function quantize8(
  values: usize, blocks: i32, scales: usize, codes: usize, random: usize, largestUnit: u32
): void {
  quantize(8, values, blocks, scales, codes, random, largestUnit)
}

/** As `quantize8`. */
export function quantize4(
  values: usize, blocks: i32, scales: usize, codes: usize, random: usize, largestUnit: u32
): void {
  quantize(4, values, blocks, scales, codes, random, largestUnit)
}

/** As `quantize8`. */
export function quantize2(
  values: usize, blocks: i32, scales: usize, codes: usize, random: usize, largestUnit: u32
): void {
  quantize(2, values, blocks, scales, codes, random, largestUnit)
}

/** Eight whole numbers times the unit. */
// @ts-ignore: decorator
@inline
function storeEight(values: usize, steps: v128, unit: v128): void {
  v128.store(values, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(steps)), unit))
  v128.store(values, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(steps)), unit), 16)
}

/** Sixteen codes, a byte each, as values. @returns all ones where a code is the unused one */
// @ts-ignore: decorator
@inline
function storeSixteen(values: usize, codes: v128, levels: i32, unit: v128): v128 {
  const zero = i16x8.splat(<i16>levels)
  storeEight(values, i16x8.sub(i16x8.extend_low_i8x16_u(codes), zero), unit)
  storeEight(values + 32, i16x8.sub(i16x8.extend_high_i8x16_u(codes), zero), unit)
  return i8x16.eq(codes, i8x16.splat(<i8>(2 * levels + 1)))
}

/** The first halves of packed pairs, and the second ones, in turn. */
// @ts-ignore: decorator
@inline
function unpackLow(packed: v128, bits: i32): v128 {
  const mask = i8x16.splat(<i8>(<i32>((1 << bits) - 1)))
  const low = v128.and(packed, mask)
  const high = v128.and(i8x16.shr_u(packed, bits), mask)
  return i8x16.shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

// @ts-ignore: decorator
@inline
function unpackHigh(packed: v128, bits: i32): v128 {
  const mask = i8x16.splat(<i8>(<i32>((1 << bits) - 1)))
  const low = v128.and(packed, mask)
  const high = v128.and(i8x16.shr_u(packed, bits), mask)
  return i8x16.shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}

/** Of the 64 codes of a block, the `quarter`-th 16, a byte each. */
// @ts-ignore: decorator
@inline
function quarterOf(codes: usize, bits: i32, quarter: i32): v128 {
  if (bits == 8) return v128.load(codes + (<usize>quarter << 4))
  if (bits == 4) {
    const packed = v128.load(codes + (<usize>(quarter >> 1) << 4))
    return (quarter & 1) == 0 ? unpackLow(packed, 4) : unpackHigh(packed, 4)
  }
  const packed = v128.load(codes)
  const pairs = quarter < 2 ? unpackLow(packed, 4) : unpackHigh(packed, 4)
  return (quarter & 1) == 0 ? unpackLow(pairs, 2) : unpackHigh(pairs, 2)
}

// @ts-ignore: decorator
@inline
function dequantize(bits: i32, scales: usize, codes: usize, blocks: i32, values: usize, largestUnit: u32): bool {
  const levels = (1 << (bits - 1)) - 1
  let unused = i64x2.splat(0)
  let outOfRange = 0
  for (let block = 0; block < blocks; block++) {
    const scale = <u32>load<u16>(scales)
    // As whole numbers, NaN, infinity and everything negative are above the largest unit too.
    outOfRange |= <i32>(scale > largestUnit)
    const unit = f32x4.splat(widen(scale))
    unused = v128.or(unused, storeSixteen(values, quarterOf(codes, bits, 0), levels, unit))
    unused = v128.or(unused, storeSixteen(values + 64, quarterOf(codes, bits, 1), levels, unit))
    unused = v128.or(unused, storeSixteen(values + 128, quarterOf(codes, bits, 2), levels, unit))
    unused = v128.or(unused, storeSixteen(values + 192, quarterOf(codes, bits, 3), levels, unit))
    scales += 2
    codes += <usize>(8 * bits)
    values += BLOCK * 4
  }
  return outOfRange == 0 && !v128.any_true(unused)
}

/**
 * @param scales - 2 bytes a block; hostile
 * @param codes - 8, 4 or 2 bits a value; hostile
 * @param values - `blocks` x 64 floats, written
 * @returns whether every scale is in range, and every code one that is sent
 */
export function dequantize8(scales: usize, codes: usize, blocks: i32, values: usize, largestUnit: u32): bool {
  return dequantize(8, scales, codes, blocks, values, largestUnit)
}

/** As `dequantize8`. */
export function dequantize4(scales: usize, codes: usize, blocks: i32, values: usize, largestUnit: u32): bool {
  return dequantize(4, scales, codes, blocks, values, largestUnit)
}

/** As `dequantize8`. */
export function dequantize2(scales: usize, codes: usize, blocks: i32, values: usize, largestUnit: u32): bool {
  return dequantize(2, scales, codes, blocks, values, largestUnit)
}
