import { createRng, type Rng } from '../learning/rng.js'

/** What decides which values a step of training drops; each layer forks it by its name. */
export function dropoutRng(seed: number, step: number): Rng {
  return createRng(seed).fork('dropout').fork(step)
}
