import { InvalidParametersError } from '../../learning/errors.js'
import type { SimulationConfig } from '../simulate/config.js'

/** One way to learn, among those that are compared. */
export interface Variant {
  /** As the user wrote it: `choco-sgd/top-k:0.01@ring`. */
  readonly name: string
  readonly averaging: string
  /** undefined: as the other flags say. */
  readonly compress: string | undefined
  readonly topology: string | undefined
}

/**
 * `averaging[/compressor][@topology]`, separated by commas: `d-psgd,choco-sgd:0.2/top-k:0.01,swarm-sgd@complete`. What is left
 * out is as the flags say; an unknown name is found when the variant is planned.
 *
 * @throws InvalidParametersError
 */
export function parseVariants(list: string): Variant[] {
  const variants = list.split(',').map(text => {
    const name = text.trim()
    const match = /^([^/@]+)(?:\/([^/@]+))?(?:@([^/@]+))?$/.exec(name)
    if (match === null) {
      const expected = 'expected averaging[/compressor][@topology], as in d-psgd,choco-sgd/top-k:0.01,swarm-sgd@ring'
      throw new InvalidParametersError(`strategies ${list}: "${name}"; ${expected}.`)
    }
    const [, averaging, compress, topology] = match
    return { name, averaging, compress, topology }
  })
  const twice = variants.find(({ name }, i) => variants.findIndex(other => other.name === name) < i)
  if (twice !== undefined) throw new InvalidParametersError(`strategies ${list}: ${twice.name} is there twice.`)
  return variants
}

/** The config of one run of a variant. */
export function configOfVariant(
  base: SimulationConfig,
  { averaging, compress, topology }: Variant,
  learningRate: number,
  seed: number
): SimulationConfig {
  const given = base.settings
  const settings = {
    ...given,
    averaging,
    compress: compress ?? given.compress,
    topology: topology ?? given.topology,
    learningRate,
    seed
  }
  // A run goes on after it has reached the target, so that all curves are equally long.
  return { ...base, settings, until: undefined }
}
