import { multiplyAdd } from './multiply-add'

/** 96 floating-point operations a turn, in registers alone: no product of matrices can be faster. */
export function multiplyRegisters(turns: i32): f32 {
  const x = f32x4.splat(0.999)
  const y = f32x4.splat(1e-30)
  let c0 = y
  let c1 = y
  let c2 = y
  let c3 = y
  let c4 = y
  let c5 = y
  let c6 = y
  let c7 = y
  let c8 = y
  let c9 = y
  let c10 = y
  let c11 = y
  for (let i = 0; i < turns; i++) {
    c0 = multiplyAdd(x, y, c0)
    c1 = multiplyAdd(x, y, c1)
    c2 = multiplyAdd(x, y, c2)
    c3 = multiplyAdd(x, y, c3)
    c4 = multiplyAdd(x, y, c4)
    c5 = multiplyAdd(x, y, c5)
    c6 = multiplyAdd(x, y, c6)
    c7 = multiplyAdd(x, y, c7)
    c8 = multiplyAdd(x, y, c8)
    c9 = multiplyAdd(x, y, c9)
    c10 = multiplyAdd(x, y, c10)
    c11 = multiplyAdd(x, y, c11)
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5))
  const high = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11))
  return f32x4.extract_lane(f32x4.add(low, high), 0)
}
