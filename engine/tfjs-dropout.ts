import type { Tensor } from '@tensorflow/tfjs-core'
import type * as Layers from '@tensorflow/tfjs-layers'
import type { Rng } from '../learning/rng.js'
import { elementCount } from '../learning/parameters.js'
import { dropoutOf } from './plan/dropout.js'
import type { Tfjs } from './tfjs-library.js'

interface DropoutConfig extends NonNullable<ConstructorParameters<typeof Layers.layers.Layer>[0]> {
  readonly rate: number
}

let registered = false
/** Of the step that is being taken. */
let current: Rng | undefined

/** Fix what the Dropout layers of tfjs drop in the step that follows. */
export function drawDropout(rng: Rng): void {
  current = rng
}

/**
 * Put a layer `Dropout` in the place of tfjs's, whose choices no seed decides: this one drops what the compiled plan
 * drops (kernels/dropout.ts). Once a process is enough.
 */
export function registerDropout({ core, layers: { layers } }: Tfjs): void {
  if (registered) return
  registered = true

  class SeededDropout extends layers.Layer {
    static readonly className = 'Dropout'
    readonly #rate: number

    constructor(config: DropoutConfig) {
      super(config)
      this.#rate = config.rate
    }

    override call(inputs: Tensor | Tensor[], options: Record<string, unknown>): Tensor {
      return core.tidy(() => {
        const x = Array.isArray(inputs) ? inputs[0] : inputs
        if (options.training !== true || this.#rate === 0 || current === undefined) return core.clone(x)
        const mask = dropoutMask(elementCount(x.shape), this.#rate, current.fork(this.name).uint32())
        return core.mul(x, core.tensor(mask, x.shape))
      })
    }

    override getConfig() {
      return { ...super.getConfig(), rate: this.#rate }
    }
  }

  core.serialization.registerClass(SeededDropout)
}

/** What the values of a batch are multiplied by, as kernels/dropout.ts does. */
function dropoutMask(length: number, rate: number, key: number): Float32Array {
  const { threshold, scale } = dropoutOf(rate)
  return Float32Array.from({ length }, (_, i) => (mix((key + Math.imul(i, 0x9e3779b9)) >>> 0) >= threshold ? scale : 0))
}

function mix(value: number): number {
  value ^= value >>> 16
  value = Math.imul(value, 0x85ebca6b)
  value ^= value >>> 13
  value = Math.imul(value, 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
