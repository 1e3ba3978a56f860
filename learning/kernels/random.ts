// @ts-ignore: decorator
@inline
function rotateLeft(value: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(value, bits), i32x4.shr_u(value, 32 - bits))
}

/**
 * Fill `target` with random bits: four generators side by side, one a lane, each of its own four words of `state`.
 *
 * @param state - four vectors, changed; no lane may be all zeros
 * @param vectors - of 16 bytes
 *
 * Source: Blackman, Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021 (xoshiro128++).
 */
export function randomWords(state: usize, target: usize, vectors: i32): void {
  let a = v128.load(state)
  let b = v128.load(state, 16)
  let c = v128.load(state, 32)
  let d = v128.load(state, 48)
  const end = target + (<usize>vectors << 4)
  for (; target < end; target += 16) {
    v128.store(target, i32x4.add(rotateLeft(i32x4.add(a, d), 7), a))
    const shifted = i32x4.shl(b, 9)
    c = v128.xor(c, a)
    d = v128.xor(d, b)
    b = v128.xor(b, c)
    a = v128.xor(a, d)
    c = v128.xor(c, shifted)
    d = rotateLeft(d, 11)
  }
  v128.store(state, a)
  v128.store(state, b, 16)
  v128.store(state, c, 32)
  v128.store(state, d, 48)
}
