import { hardSigmoid4, sigmoid4, tanh4 } from './exponential'

// One step in time of gated recurrent layers, `rows` examples at once. Rows of gates lie without gaps, `units` wide each. Products with
// the kernels are `gemm`'s; here are the gates between them. Units that are no multiple of four are handled one by one.

/** Sigmoid as `hard` says, of what lies at `gate`, in place. */
// @ts-ignore: decorator
@inline
function open(x: v128, hard: bool): v128 {
  return hard ? hardSigmoid4(x) : sigmoid4(x)
}

/** Slope of a gate told by its value. */
// @ts-ignore: decorator
@inline
function slope(y: v128, hard: bool): v128 {
  const one = f32x4.splat(1)
  if (!hard) return f32x4.mul(y, f32x4.sub(one, y))
  const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, one))
  return v128.and(inside, f32x4.splat(0.2))
}

/** Up to four values; lanes past `count` are zero. */
// @ts-ignore: decorator
@inline
function take(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at)
  let lanes = f32x4(load<f32>(at), 0, 0, 0)
  if (count > 1) lanes = f32x4.replace_lane(lanes, 1, load<f32>(at, 4))
  if (count > 2) lanes = f32x4.replace_lane(lanes, 2, load<f32>(at, 8))
  return lanes
}

/** Write the first `count` lanes, four at most. */
// @ts-ignore: decorator
@inline
function put(at: usize, lanes: v128, count: i32): void {
  if (count >= 4) {
    v128.store(at, lanes)
    return
  }
  store<f32>(at, f32x4.extract_lane(lanes, 0))
  if (count > 1) store<f32>(at, f32x4.extract_lane(lanes, 1), 4)
  if (count > 2) store<f32>(at, f32x4.extract_lane(lanes, 2), 8)
}

/**
 * Gates z and r of a GRU.
 *
 * @param zr - rows x 2 units, changed: from sums to gates
 * @param reset - written: r * state
 */
export function gruGates(zr: usize, state: usize, reset: usize, rows: i32, units: i32, hard: bool): void {
  const width = <usize>units << 2
  for (let row = 0; row < rows; row++, zr += 2 * width, state += width, reset += width) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2
      const left = units - j
      put(zr + at, open(take(zr + at, left), hard), left)
      const r = open(take(zr + width + at, left), hard)
      put(zr + width + at, r, left)
      put(reset + at, f32x4.mul(r, take(state + at, left)), left)
    }
  }
}

/**
 * next = z * state + (1 - z) * tanh(candidate).
 *
 * @param candidate - changed: from sums to their tanh
 */
export function gruState(zr: usize, candidate: usize, state: usize, next: usize, rows: i32, units: i32): void {
  const width = <usize>units << 2
  const one = f32x4.splat(1)
  for (let row = 0; row < rows; row++, zr += 2 * width, candidate += width, state += width, next += width) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2
      const left = units - j
      const z = take(zr + at, left)
      const c = tanh4(take(candidate + at, left))
      put(candidate + at, c, left)
      put(next + at, f32x4.add(f32x4.mul(z, take(state + at, left)), f32x4.mul(f32x4.sub(one, z), c)), left)
    }
  }
}

/**
 * Gradients of `gruState`.
 *
 * @param gradient - of next; changed to its part of that of state
 * @param zrGradient - its first half is written: of the sums of z
 * @param candidateGradient - written: of the candidate's sums
 */
export function gruStateGradient(
  gradient: usize, zr: usize, candidate: usize, state: usize, zrGradient: usize, candidateGradient: usize,
  rows: i32, units: i32, hard: bool
): void {
  const width = <usize>units << 2
  const one = f32x4.splat(1)
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2
      const left = units - j
      const given = take(gradient + at, left)
      const z = take(zr + at, left)
      const c = take(candidate + at, left)
      const ofC = f32x4.mul(given, f32x4.sub(one, z))
      put(candidateGradient + at, f32x4.mul(ofC, f32x4.sub(one, f32x4.mul(c, c))), left)
      const ofZ = f32x4.mul(given, f32x4.sub(take(state + at, left), c))
      put(zrGradient + at, f32x4.mul(ofZ, slope(z, hard)), left)
      put(gradient + at, f32x4.mul(given, z), left)
    }
    gradient += width
    candidate += width
    state += width
    candidateGradient += width
    zr += 2 * width
    zrGradient += 2 * width
  }
}

/**
 * Gradients of `gruGates`.
 *
 * @param resetGradient - of r * state
 * @param zrGradient - its second half is written: of the sums of r
 * @param stateGradient - its part is added
 */
export function gruGatesGradient(
  resetGradient: usize, zr: usize, state: usize, zrGradient: usize, stateGradient: usize,
  rows: i32, units: i32, hard: bool
): void {
  const width = <usize>units << 2
  for (let row = 0; row < rows; row++) {
    zr += width
    zrGradient += width
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2
      const left = units - j
      const given = take(resetGradient + at, left)
      const r = take(zr + at, left)
      put(zrGradient + at, f32x4.mul(f32x4.mul(given, take(state + at, left)), slope(r, hard)), left)
      put(stateGradient + at, f32x4.add(take(stateGradient + at, left), f32x4.mul(given, r)), left)
    }
    zr += width
    zrGradient += width
    resetGradient += width
    state += width
    stateGradient += width
  }
}

/**
 * Gates and states of an LSTM: cell = f * before + i * tanh(c), state = o * tanh(cell).
 *
 * @param gates - rows x 4 units in the order i, f, c, o; changed from sums to values
 * @param squashed - written: tanh(cell)
 */
export function lstmState(
  gates: usize, before: usize, cell: usize, squashed: usize, state: usize, rows: i32, units: i32, hard: bool
): void {
  const width = <usize>units << 2
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < units; j += 4) {
      const at = gates + (<usize>j << 2)
      const to = <usize>j << 2
      const left = units - j
      const i = open(take(at, left), hard)
      const f = open(take(at + width, left), hard)
      const c = tanh4(take(at + 2 * width, left))
      const o = open(take(at + 3 * width, left), hard)
      put(at, i, left)
      put(at + width, f, left)
      put(at + 2 * width, c, left)
      put(at + 3 * width, o, left)
      const sum = f32x4.add(f32x4.mul(f, take(before + to, left)), f32x4.mul(i, c))
      const small = tanh4(sum)
      put(cell + to, sum, left)
      put(squashed + to, small, left)
      put(state + to, f32x4.mul(o, small), left)
    }
    gates += 4 * width
    before += width
    cell += width
    squashed += width
    state += width
  }
}

/**
 * Gradients of `lstmState`.
 *
 * @param gradient - of state
 * @param cellGradient - of cell, from the step after; changed to that of `before`
 * @param gatesGradient - written: of the gates' sums
 */
export function lstmStateGradient(
  gradient: usize, cellGradient: usize, gates: usize, before: usize, squashed: usize, gatesGradient: usize,
  rows: i32, units: i32, hard: bool
): void {
  const width = <usize>units << 2
  const one = f32x4.splat(1)
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < units; j += 4) {
      const to = <usize>j << 2
      const at = gates + to
      const target = gatesGradient + to
      const left = units - j
      const i = take(at, left)
      const f = take(at + width, left)
      const c = take(at + 2 * width, left)
      const o = take(at + 3 * width, left)
      const small = take(squashed + to, left)
      const given = take(gradient + to, left)
      const inner = f32x4.mul(f32x4.mul(given, o), f32x4.sub(one, f32x4.mul(small, small)))
      const ofCell = f32x4.add(take(cellGradient + to, left), inner)
      put(target, f32x4.mul(f32x4.mul(ofCell, c), slope(i, hard)), left)
      put(target + width, f32x4.mul(f32x4.mul(ofCell, take(before + to, left)), slope(f, hard)), left)
      put(target + 2 * width, f32x4.mul(f32x4.mul(ofCell, i), f32x4.sub(one, f32x4.mul(c, c))), left)
      put(target + 3 * width, f32x4.mul(f32x4.mul(given, small), slope(o, hard)), left)
      put(cellGradient + to, f32x4.mul(ofCell, f), left)
    }
    gates += 4 * width
    gatesGradient += 4 * width
    gradient += width
    cellGradient += width
    before += width
    squashed += width
  }
}
