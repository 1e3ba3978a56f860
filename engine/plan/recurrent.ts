import { gemmScratch } from '../kernel-memory.js'
import type { ModelLayer } from './layer-kind.js'

/** What a recurrent layer is, from its configuration. */
export interface RecurrentShape {
  readonly steps: number
  readonly inputs: number
  readonly units: number
  /** Whether it gives its state at every step, not at the last alone. */
  readonly isSequence: boolean
  /** Whether its gates are the piecewise linear sigmoid. */
  readonly isHard: boolean
}

export function recurrentShape({ config, inputShape }: ModelLayer): RecurrentShape {
  const [steps, inputs] = inputShape
  return {
    steps,
    inputs,
    units: config.units as number,
    isSequence: config.return_sequences === true,
    isHard: gateName(config) !== 'sigmoid'
  }
}

/** Whether the kernels know the activations and the direction. */
export function acceptsRecurrent({ config }: ModelLayer): boolean {
  const gates: readonly unknown[] = ['sigmoid', 'hard_sigmoid', 'hardSigmoid']
  return (
    (config.activation ?? 'tanh') === 'tanh' &&
    gates.includes(gateName(config)) &&
    (config.go_backwards ?? false) === false
  )
}

/** Floats that the products of a layer need, for `width` values of gates a row in one product. */
export function recurrentScratch(shape: RecurrentShape, rows: number, trainingRows: number, widths: readonly number[]) {
  const { steps, inputs, units } = shape
  const sizes = widths.flatMap(width => [
    gemmScratch(steps * rows, width, inputs),
    gemmScratch(rows, width, units),
    gemmScratch(trainingRows, units, width),
    gemmScratch(inputs, width, steps * trainingRows),
    gemmScratch(units, width, steps * trainingRows),
    gemmScratch(steps * trainingRows, inputs, width)
  ])
  return Math.max(...sizes)
}

function gateName(config: ModelLayer['config']): unknown {
  return config.recurrent_activation ?? 'hard_sigmoid'
}
