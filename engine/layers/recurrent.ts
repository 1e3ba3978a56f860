import type { InitializerConfig } from '../initializers.js'
import { InvalidModelError } from '../errors.js'
import {
  GLOROT_NORMAL,
  isSet,
  ORTHOGONAL,
  tensor,
  ZEROS,
  type Config,
  type Describe,
  type TensorPlan
} from './describe.js'

/** Options that need more than one output, memory between batches, or masks of their own. */
const UNKNOWN_OPTIONS = ['return_state', 'stateful', 'dropout', 'recurrent_dropout', 'reset_after'] as const

export const gru: Describe = recurrent(3, config => tensor('bias', [3 * units(config)], config, ZEROS))

/** The forget gate starts open unless `unit_forget_bias` is false: Jozefowicz et al., ICML 2015. */
export const lstm: Describe = recurrent(4, config => {
  const size = units(config)
  if (config.unit_forget_bias === false || config.unit_forget_bias === null) {
    return tensor('bias', [4 * size], config, ZEROS)
  }
  const initializer: InitializerConfig = { class_name: 'UnitForgetBias', config: { units: size } }
  return { name: 'bias', shape: [4 * size], initializer }
})

function recurrent(gates: number, bias: (config: Config) => TensorPlan): Describe {
  return (config, shape) => {
    refuseUnknown(config)
    const size = units(config)
    const [steps, inputs] = shape.length === 2 ? shape : [NaN, NaN]
    const kernels = [
      tensor('kernel', [inputs, gates * size], config, GLOROT_NORMAL),
      tensor('recurrent_kernel', [size, gates * size], config, ORTHOGONAL, 'recurrent_initializer')
    ]
    return {
      outputShape: isSet(config.return_sequences) ? [steps, size] : [size],
      tensors: config.use_bias === false ? kernels : [...kernels, bias(config)]
    }
  }
}

function units(config: Config): number {
  return config.units as number
}

function refuseUnknown(config: Config): void {
  const option = UNKNOWN_OPTIONS.find(name => isSet(config[name]))
  if (option === undefined) return
  const found = `layer "${String(config.name)}" has "${option}": ${JSON.stringify(config[option])}`
  throw new InvalidModelError(`${found}; expected it to be left out, as no backend here trains it`)
}
