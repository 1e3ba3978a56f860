import { add, div, mul, splat, sqrt, sub, withoutSubnormals } from './lanes'

/** p -= learningRate * g */
export function sgd(p: usize, g: usize, learningRate: f32, length: i32): void {
  const ends = endOfVectors(p, length)
  for (; p < ends; p += 16, g += 16) descend<v128>(p, load<v128>(g), learningRate)
  for (let i = 0; i < (length & 3); i++, p += 4, g += 4) descend<f32>(p, load<f32>(g), learningRate)
}

/** v = momentum * v + g; p -= learningRate * v */
export function momentum(p: usize, g: usize, v: usize, learningRate: f32, momentum: f32, length: i32): void {
  const ends = endOfVectors(p, length)
  for (; p < ends; p += 16, g += 16, v += 16) {
    descend<v128>(p, accelerate<v128>(v, load<v128>(g), momentum), learningRate)
  }
  for (let i = 0; i < (length & 3); i++, p += 4, g += 4, v += 4) {
    descend<f32>(p, accelerate<f32>(v, load<f32>(g), momentum), learningRate)
  }
}

/**
 * v = momentum * v + g; p -= learningRate * (g + momentum * v)
 *
 * Source: Nesterov's method as seen from the point ahead; Sutskever, Martens, Dahl, Hinton, "On the Importance of Initialization and
 * Momentum in Deep Learning", ICML 2013.
 */
export function nesterov(p: usize, g: usize, v: usize, learningRate: f32, momentum: f32, length: i32): void {
  const ends = endOfVectors(p, length)
  for (; p < ends; p += 16, g += 16, v += 16) stepAhead<v128>(p, g, v, learningRate, momentum)
  for (let i = 0; i < (length & 3); i++, p += 4, g += 4, v += 4) stepAhead<f32>(p, g, v, learningRate, momentum)
}

/**
 * Adam with bias correction.
 *
 * @param take1 - 1 - beta1: given, as the difference of two float32 would lose its digits
 * @param take2 - 1 - beta2
 * @param correction1 - 1 - beta1^t
 * @param correction2 - 1 - beta2^t
 *
 * Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize,
  learningRate: f32, beta1: f32, beta2: f32, take1: f32, take2: f32, epsilon: f32,
  correction1: f32, correction2: f32, length: i32
): void {
  const rate: f32 = learningRate / correction1
  const unbias2: f32 = 1 / correction2
  const ends = endOfVectors(p, length)
  for (; p < ends; p += 16, g += 16, m += 16, v += 16) {
    stepAdam<v128>(p, g, m, v, rate, beta1, beta2, take1, take2, epsilon, unbias2)
  }
  for (let i = 0; i < (length & 3); i++, p += 4, g += 4, m += 4, v += 4) {
    stepAdam<f32>(p, g, m, v, rate, beta1, beta2, take1, take2, epsilon, unbias2)
  }
}

/** Where the values end that fill whole vectors. */
// @ts-ignore: decorator
@inline
function endOfVectors(values: usize, length: i32): usize {
  return values + (<usize>(length & ~3) << 2)
}

// @ts-ignore: decorator
@inline
function descend<T>(p: usize, direction: T, rate: f32): void {
  store<T>(p, sub<T>(load<T>(p), mul<T>(splat<T>(rate), direction)))
}

/** @returns the velocity, which it changes */
// @ts-ignore: decorator
@inline
function accelerate<T>(v: usize, gradient: T, momentum: f32): T {
  const velocity = withoutSubnormals<T>(add<T>(mul<T>(splat<T>(momentum), load<T>(v)), gradient))
  store<T>(v, velocity)
  return velocity
}

// @ts-ignore: decorator
@inline
function stepAhead<T>(p: usize, g: usize, v: usize, rate: f32, momentum: f32): void {
  const gradient = load<T>(g)
  const velocity = accelerate<T>(v, gradient, momentum)
  descend<T>(p, add<T>(gradient, mul<T>(splat<T>(momentum), velocity)), rate)
}

// @ts-ignore: decorator
@inline
function stepAdam<T>(
  p: usize, g: usize, m: usize, v: usize,
  rate: f32, beta1: f32, beta2: f32, take1: f32, take2: f32, epsilon: f32, unbias2: f32
): void {
  const gradient = load<T>(g)
  const first = add<T>(mul<T>(splat<T>(beta1), load<T>(m)), mul<T>(splat<T>(take1), gradient))
  const second = add<T>(mul<T>(splat<T>(beta2), load<T>(v)), mul<T>(splat<T>(take2), mul<T>(gradient, gradient)))
  store<T>(m, withoutSubnormals<T>(first))
  store<T>(v, withoutSubnormals<T>(second))
  const root = add<T>(sqrt<T>(mul<T>(second, splat<T>(unbias2))), splat<T>(epsilon))
  store<T>(p, sub<T>(load<T>(p), div<T>(mul<T>(splat<T>(rate), first), root)))
}
