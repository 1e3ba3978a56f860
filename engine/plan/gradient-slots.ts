import { MODEL_INPUT } from './steps.js'

/** Which buffers the backward pass of a step reads and writes. */
export interface GradientPlan {
  /** Slot of the gradient with respect to what the step gives. */
  readonly output: number
  /** For each input of the step. */
  readonly inputs: readonly {
    /** Where its gradient is written; undefined: not asked for. */
    readonly slot: number | undefined
    /** Where it is added afterwards: other steps take the same value. */
    readonly addTo: number | undefined
  }[]
}

/**
 * Share as few buffers as possible among the gradients of all steps: one is free again once the step whose output it
 * belongs to has gone backward. A chain of steps needs two.
 *
 * @param inputs - of each step, the steps whose outputs it takes; the last gives the model's output
 * @param overwrites - of each step, whether its one input's gradient may take the place of its output's. @default none
 */
export function planGradients(
  inputs: readonly (readonly number[])[],
  overwrites: readonly boolean[] = []
): {
  readonly slots: number
  readonly plans: readonly GradientPlan[]
} {
  let slots = 0
  const free: number[] = []
  const take = (): number => free.pop() ?? slots++
  const slotOf = new Array<number | undefined>(inputs.length)
  const plans = new Array<GradientPlan>(inputs.length)
  slotOf[inputs.length - 1] = take()
  for (let step = inputs.length - 1; step >= 0; step--) {
    const output = slotOf[step]!
    const stays = overwrites[step] && inputs[step][0] !== MODEL_INPUT
    const passing: number[] = []
    const written = inputs[step].map(source => {
      if (source === MODEL_INPUT) return { slot: undefined, addTo: undefined }
      const slot = stays ? output : take()
      const addTo = slotOf[source]
      if (addTo === undefined) slotOf[source] = slot
      else passing.push(slot)
      return { slot, addTo }
    })
    plans[step] = { output, inputs: written }
    free.push(...passing)
    if (!stays) free.push(output)
  }
  return { slots, plans }
}
