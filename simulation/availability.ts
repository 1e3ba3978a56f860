import { readFileSync } from 'node:fs'
import { InvalidParametersError } from '../learning/errors.js'
import type { Rng } from '../learning/rng.js'

/** When a device changes between online and offline, in virtual seconds, ascending and without end or to the end of a trace. */
export interface Availability {
  readonly startsOnline: boolean
  readonly changes: Iterator<number, void>
}

/** Mean share of phones that are online, and how far day and night are from it. */
const phonesOnline = 0.2
const daySwing = 0.6
/** A phone stays online for this share of a day, on average. */
const meanSession = 1 / 48

/**
 * A phone that learns only when idle, charging and on Wi-Fi: at any time of day it is online with probability
 * p(t) = 0.2 (1 + 0.6 cos(2 pi t / day)), midnight being t = 0, so that at night four times as many are online as at noon. A
 * two-state Markov process, sessions of half an hour on average; times between changes are drawn by thinning.
 *
 * Source of the swing: Bonawitz et al., "Towards Federated Learning at Scale: System Design", MLSys 2019, section 9. Of the
 * thinning: Lewis, Shedler, "Simulation of Nonhomogeneous Poisson Processes by Thinning", Naval Research Logistics 26, 1979.
 *
 * @param daySeconds - length of a day
 */
export function phoneAvailability(daySeconds: number, rng: Rng): Availability {
  const online = (seconds: number): number =>
    phonesOnline * (1 + daySwing * Math.cos((2 * Math.PI * seconds) / daySeconds))
  const leaving = 1 / (meanSession * daySeconds)
  const coming = (seconds: number): number => (leaving * online(seconds)) / (1 - online(seconds))
  const mostComing = coming(0)
  const startsOnline = rng.uniform() < online(0)
  function* changes(): Generator<number, void> {
    let isOnline = startsOnline
    for (let seconds = 0; ;) {
      const bound = isOnline ? leaving : mostComing
      seconds -= Math.log(1 - rng.uniform()) / bound
      if (!isOnline && rng.uniform() * bound >= coming(seconds)) continue
      isOnline = !isOnline
      yield seconds
    }
  }
  return { startsOnline, changes: changes() }
}

/**
 * Read when devices were online: a line `device,from,to` for each time, in seconds, `from` before `to`, a device's times in
 * order and apart; `#` begins a comment.
 *
 * @returns of each device, in the order in which the file names them first, its times
 * @throws InvalidParametersError naming file and line
 */
export function readAvailability(path: string): (readonly [from: number, to: number])[][] {
  const devices = new Map<string, (readonly [number, number])[]>()
  for (const [index, line] of readLines(path).entries()) {
    if (line === '') continue
    const [device, ...times] = line.split(',').map(cell => cell.trim())
    const [from, to] = times.map(Number)
    const before = devices.get(device) ?? []
    const fits = times.length === 2 && from >= (before.at(-1)?.[1] ?? 0) && to > from && to < Infinity
    if (!fits) {
      const expected = "expected device,from,to in seconds, as in phone1,0,1800, after the device's times before"
      throw new InvalidParametersError(`${path} line ${index + 1}: "${line}"; ${expected}.`)
    }
    devices.set(device, [...before, [from, to]])
  }
  if (devices.size === 0) throw new InvalidParametersError(`${path} holds no times; expected lines device,from,to.`)
  return [...devices.values()]
}

/** @param times - of a device, as `readAvailability` gives them */
export function tracedAvailability(times: readonly (readonly [number, number])[]): Availability {
  const startsOnline = times[0][0] === 0
  return {
    startsOnline,
    changes: times
      .flat()
      .slice(startsOnline ? 1 : 0)
      [Symbol.iterator]()
  }
}

/**
 * The lines of a trace without comments and outer blanks.
 *
 * @throws InvalidParametersError when the file cannot be read
 */
export function readLines(path: string): string[] {
  try {
    const text = readFileSync(path, 'utf8')
    return text.split('\n').map(line => line.replace(/#.*/, '').trim())
  } catch (cause) {
    throw new InvalidParametersError(`trace ${path}: ${(cause as Error).message}. Check the path.`, { cause })
  }
}
