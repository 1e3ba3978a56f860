// Every length here is a multiple of four: the plan rounds its buffers up, and what lies past the end stays zero.

/** p -= learningRate * g */
export function sgd(p: usize, g: usize, learningRate: f32, length: i32): void {
  const rate = f32x4.splat(learningRate)
  const end = p + (<usize>length << 2)
  for (; p < end; p += 16, g += 16) {
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(rate, v128.load(g))))
  }
}

/** v = momentum * v + g; p -= learningRate * v */
export function momentum(p: usize, g: usize, v: usize, learningRate: f32, momentum: f32, length: i32): void {
  const rate = f32x4.splat(learningRate)
  const decay = f32x4.splat(momentum)
  const end = p + (<usize>length << 2)
  for (; p < end; p += 16, g += 16, v += 16) {
    const velocity = f32x4.add(f32x4.mul(decay, v128.load(v)), v128.load(g))
    v128.store(v, velocity)
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(rate, velocity)))
  }
}

/**
 * v = momentum * v + g; p -= learningRate * (g + momentum * v)
 *
 * Source: Nesterov's method as seen from the point ahead; Sutskever, Martens, Dahl, Hinton, "On the Importance of Initialization and
 * Momentum in Deep Learning", ICML 2013.
 */
export function nesterov(p: usize, g: usize, v: usize, learningRate: f32, momentum: f32, length: i32): void {
  const rate = f32x4.splat(learningRate)
  const decay = f32x4.splat(momentum)
  const end = p + (<usize>length << 2)
  for (; p < end; p += 16, g += 16, v += 16) {
    const gradient = v128.load(g)
    const velocity = f32x4.add(f32x4.mul(decay, v128.load(v)), gradient)
    v128.store(v, velocity)
    const step = f32x4.add(gradient, f32x4.mul(decay, velocity))
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(rate, step)))
  }
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
  const rate = f32x4.splat(learningRate / correction1)
  const unbias2 = f32x4.splat(1 / correction2)
  const keep1 = f32x4.splat(beta1)
  const keep2 = f32x4.splat(beta2)
  const add1 = f32x4.splat(take1)
  const add2 = f32x4.splat(take2)
  const tiny = f32x4.splat(epsilon)
  const end = p + (<usize>length << 2)
  for (; p < end; p += 16, g += 16, m += 16, v += 16) {
    const gradient = v128.load(g)
    const first = f32x4.add(f32x4.mul(keep1, v128.load(m)), f32x4.mul(add1, gradient))
    const second = f32x4.add(f32x4.mul(keep2, v128.load(v)), f32x4.mul(add2, f32x4.mul(gradient, gradient)))
    v128.store(m, first)
    v128.store(v, second)
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(second, unbias2)), tiny)
    v128.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(rate, first), root)))
  }
}
