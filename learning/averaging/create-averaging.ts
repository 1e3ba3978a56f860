import { UnknownNameError } from '../errors.js'
import type { Averaging, AveragingKind } from './averaging.js'
import { dPsgd } from './d-psgd.js'
import { swarmSgd } from './swarm-sgd.js'

const kinds: readonly AveragingKind[] = [dPsgd, swarmSgd]

export const averagingNames: readonly string[] = kinds.map(({ name }) => name)

/**
 * @param name - published name of a strategy, as `--averaging` takes it
 * @param length - number of parameters
 * @throws UnknownNameError
 */
export function createAveraging(name: string, length: number): Averaging {
  const kind = kinds.find(candidate => candidate.name === name)
  if (kind === undefined) throw new UnknownNameError('averaging strategy', name, averagingNames)
  return kind.create(length)
}
