import { InvalidParametersError } from '../../learning/errors.js'
import type { SimulationConfig } from '../simulate/config.js'

/** One way to learn, among those that are compared. */
export interface Variant {
  /** As the user wrote it: `choco-sgd/top-k:0.01@ring~outer`. */
  readonly name: string
  readonly averaging: string
  /** undefined: as the other flags say, or as suits the strategy. */
  readonly compress: string | undefined
  /** In place of a compressor: `20KB/round`. */
  readonly budget: string | undefined
  readonly topology: string | undefined
  readonly roundMemory: string | undefined
}

export const variantForm = 'averaging[/compressor][@topology][~round-memory]'
export const variantExamples = 'd-psgd,choco-sgd/top-k:0.01,d-psgd@ring~outer'

/**
 * `averaging[/compressor or budget][@topology][~round-memory]`, separated by commas:
 * `d-psgd,choco-sgd:0.2/top-k:0.01,anti-entropy/20KB/round,d-psgd@ring~outer`.
 * What is left out is as the flags say; an unknown name is found when the variant is planned.
 *
 * @throws InvalidParametersError
 */
export function parseVariants(list: string): Variant[] {
  const variants = list.split(',').map(text => {
    const name = text.trim()
    const match = /^([^/@~]+)(?:\/([^/@~]+(?:\/(?:round|hour))?))?(?:@([^/@~]+))?(?:~([^/@~]+))?$/.exec(name)
    if (match === null) {
      const expected = `expected ${variantForm}, as in ${variantExamples}`
      throw new InvalidParametersError(`strategies ${list}: "${name}"; ${expected}.`)
    }
    const [, averaging, compression, topology, roundMemory] = match
    const isBudget = compression !== undefined && /^\d/.test(compression)
    const [compress, budget] = isBudget ? [undefined, compression] : [compression, undefined]
    return { name, averaging, compress, budget, topology, roundMemory }
  })
  const twice = variants.find(({ name }, i) => variants.findIndex(other => other.name === name) < i)
  if (twice !== undefined) throw new InvalidParametersError(`strategies ${list}: ${twice.name} is there twice.`)
  return variants
}

/** The config of one run of a variant. */
export function configOfVariant(
  base: SimulationConfig,
  { averaging, compress, topology, roundMemory }: Variant,
  learningRate: number,
  seed: number
): SimulationConfig {
  const given = base.settings
  const settings = {
    ...given,
    averaging,
    compress: compress ?? given.compress,
    topology: topology ?? given.topology,
    roundMemory: roundMemory ?? given.roundMemory,
    learningRate,
    seed
  }
  // A run goes on after it has reached the target, so that all curves are equally long.
  return { ...base, settings, until: undefined }
}
