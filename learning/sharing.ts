import type { Averaging } from './averaging/averaging.js'
import type { Compressor } from './compression/compressor.js'
import { InvalidParametersError } from './errors.js'

/**
 * Rounds in which nodes only average: after every `training` rounds with local steps come `sharing` rounds without any, or the
 * `last` rounds of a run are such.
 *
 * Averaging is cheap beside training, and the mean of all models is good long before each of them is: a few rounds of it
 * bring every node close to the mean. A swarm that ends with them keeps that; one without an end has it time and again.
 *
 * Source: Dhasade, Kermarrec, Pires, Sharma, Vujasinovic, "Energy-Aware Decentralized Learning with Intermittent Model
 * Training" (SkipTrain), IPDPS workshops 2024.
 */
export type Sharing = { readonly training: number; readonly sharing: number } | { readonly last: number }

const LARGEST_COUNT = 1000

/**
 * @param spec - `training:sharing`, as in `4:1`, or `last:4`
 * @throws InvalidParametersError
 */
export function parseSharing(spec: string): Sharing {
  const [first, second] = /^(last|\d{1,4}):(\d{1,4})$/.exec(spec)?.slice(1) ?? []
  const [training, sharing] = [Number(first), Number(second)]
  if (isCount(sharing) && first === 'last') return { last: sharing }
  if (isCount(sharing) && isCount(training)) return { training, sharing }
  throw new InvalidParametersError(
    `sharing "${spec}": expected how many rounds with local steps, and how many without any come after them, as in 4:1, or how ` +
      `many of the last rounds have none, as in last:4; all from 1 to ${LARGEST_COUNT}`
  )
}

function isCount(count: number): boolean {
  return count >= 1 && count <= LARGEST_COUNT
}

/** Whether a round, counted from 1, is one without local steps. */
export function sharesOnly(sharing: Sharing, round: number, lastRound: number): boolean {
  if ('last' in sharing) return round > lastRound - sharing.last
  return (round - 1) % (sharing.training + sharing.sharing) >= sharing.training
}

/** @throws InvalidParametersError when a round of the strategy without local steps would be none */
export function checkSharing({ name, oneWay }: Averaging, sharing: Sharing | undefined): void {
  if (sharing === undefined || oneWay === undefined) return
  throw new InvalidParametersError(
    `rounds of sharing with ${name}: its rounds wait for nobody, so without local steps they would take no time. ` +
      'Use a strategy that waits for its neighbours, such as d-psgd or swarm-sgd.'
  )
}

/** @throws InvalidParametersError when a compressor has a form for rounds that never come */
export function checkSharingForm(compressor: Compressor, sharing: Sharing | undefined): void {
  if (sharing !== undefined || compressor.sharing === undefined) return
  throw new InvalidParametersError(
    `${compressor.spec}: no round is of sharing alone. Pass --sharing as well, as in last:2, or remove what follows "+sharing".`
  )
}

/**
 * @param rounds - Infinity: without end
 * @throws InvalidParametersError when there are no last rounds, or no others
 */
export function checkLastRounds(sharing: Sharing | undefined, rounds: number): void {
  if (sharing === undefined || !('last' in sharing)) return
  const spec = `sharing last:${sharing.last}`
  if (rounds === Infinity) {
    throw new InvalidParametersError(
      `${spec}: there is no last round. Pass --rounds, or share time and again, as in 16:4.`
    )
  }
  if (sharing.last < rounds) return
  throw new InvalidParametersError(
    `${spec} of ${rounds} rounds: none has local steps; expected at most last:${rounds - 1}. Raise --rounds.`
  )
}
