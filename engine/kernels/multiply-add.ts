/**
 * a * b + sum: rounded twice in the plain build, so that every machine gives the same bits; in the relaxed build as the
 * processor does it fastest.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum)
  return f32x4.add(sum, f32x4.mul(a, b))
}
