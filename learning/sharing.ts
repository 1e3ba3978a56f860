import type { Averaging } from './averaging/averaging.js'
import { InvalidParametersError } from './errors.js'

/**
 * Rounds in which nodes only average: after every `training` rounds with local steps come `sharing` rounds without any.
 *
 * Averaging is cheap beside training, and the mean of all models is good long before each of them is: a few rounds of it
 * bring every node close to the mean. A swarm that ends with them keeps that: of 30 rounds, `26:4` gives the last 4 to it.
 *
 * Source: Dhasade, Kermarrec, Pires, Sharma, Vujasinovic, "Energy-Aware Decentralized Learning with Intermittent Model
 * Training" (SkipTrain), IPDPS workshops 2024.
 */
export interface Sharing {
  readonly training: number
  readonly sharing: number
}

const LARGEST_COUNT = 1000

/**
 * @param spec - `training:sharing`, as in `4:1`
 * @throws InvalidParametersError
 */
export function parseSharing(spec: string): Sharing {
  const [training, sharing] = /^(\d{1,4}):(\d{1,4})$/.exec(spec)?.slice(1).map(Number) ?? [0, 0]
  if (Math.min(training, sharing) >= 1 && Math.max(training, sharing) <= LARGEST_COUNT) return { training, sharing }
  throw new InvalidParametersError(
    `sharing "${spec}": expected how many rounds with local steps, and how many without any come after them, both from 1 to ` +
      `${LARGEST_COUNT}, as in 4:1`
  )
}

/** Whether a round, counted from 1, is one without local steps. */
export function sharesOnly({ training, sharing }: Sharing, round: number): boolean {
  return (round - 1) % (training + sharing) >= training
}

/** @throws InvalidParametersError when a round of the strategy without local steps would be none */
export function checkSharing({ name, oneWay }: Averaging, sharing: Sharing | undefined): void {
  if (sharing === undefined || oneWay === undefined) return
  throw new InvalidParametersError(
    `rounds of sharing with ${name}: its rounds wait for nobody, so without local steps they would take no time. ` +
      'Use a strategy that waits for its neighbours, such as d-psgd or swarm-sgd.'
  )
}
