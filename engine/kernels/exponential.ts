import { atLeast, atMost } from './bounds'

// Elementary functions of four values at once, to about 1e-7 of their own size. Plain multiplications, additions and divisions: the
// same bits on every machine. Polynomials and the splitting of log 2 are those of Moshier's Cephes library (expf, tanhf).

/** e^x; what would overflow or vanish is cut at the ends of float32. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = atMost(f32x4.splat(88.3), atLeast(f32x4.splat(-87.3), x))
  const power = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)))
  const rest = f32x4.sub(
    f32x4.sub(x, f32x4.mul(power, f32x4.splat(0.693359375))),
    f32x4.mul(power, f32x4.splat(-2.12194440e-4))
  )
  let sum = f32x4.splat(1.9875691500e-4)
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.3981999507e-3))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(8.3334519073e-3))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(4.1665795894e-2))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1.6666665459e-1))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(5.0000001201e-1))
  sum = f32x4.add(f32x4.mul(f32x4.mul(sum, rest), rest), f32x4.add(rest, f32x4.splat(1)))
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(power), i32x4.splat(127)), 23)
  return f32x4.mul(sum, exponent)
}

/** 1 / (1 + e^-x) */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))))
}

/** 0.2 x + 0.5, cut at 0 and 1. */
// @ts-ignore: decorator
@inline
export function hardSigmoid4(x: v128): v128 {
  const line = f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5))
  return atMost(f32x4.splat(1), atLeast(f32x4.splat(0), line))
}

/** Near 0 an odd polynomial, as 1 - 2 / (e^2x + 1) would lose digits there. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const one = f32x4.splat(1)
  const size = f32x4.abs(x)
  const square = f32x4.mul(x, x)
  let near = f32x4.splat(-5.70498872745e-3)
  near = f32x4.add(f32x4.mul(near, square), f32x4.splat(2.06390887954e-2))
  near = f32x4.add(f32x4.mul(near, square), f32x4.splat(-5.37397155531e-2))
  near = f32x4.add(f32x4.mul(near, square), f32x4.splat(1.33314422036e-1))
  near = f32x4.add(f32x4.mul(near, square), f32x4.splat(-3.33332819422e-1))
  near = f32x4.add(f32x4.mul(f32x4.mul(near, square), x), x)
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp4(f32x4.add(size, size)), one)))
  const sign = v128.and(x, f32x4.splat(-0.0))
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(size, f32x4.splat(0.625)))
}
