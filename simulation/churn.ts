import { InvalidParametersError } from '../learning/errors.js'
import { createRng } from '../learning/rng.js'
import { phoneAvailability, readAvailability, tracedAvailability, type Availability } from './availability.js'
import type { Simulation } from './simulation.js'

/** What disturbs a swarm. Times in virtual seconds. */
export type Disturbance =
  /** Every node goes and comes: on and off for exponential times of these means. */
  | { readonly kind: 'on-off'; readonly onSeconds: number; readonly offSeconds: number }
  /** Every node is a phone, online about 20 % of the time, most at night; a day lasts so long. */
  | { readonly kind: 'phones'; readonly daySeconds: number }
  /** Nodes are online when the devices of a file were, node i when device i modulo their number was. */
  | { readonly kind: 'trace'; readonly path: string }
  /** Two parts of the swarm do not reach each other for a while; the first holds this share of the nodes. */
  | { readonly kind: 'partition'; readonly share: number; readonly fromSeconds: number; readonly toSeconds: number }
  /** This share of the nodes leaves for good, at once. */
  | { readonly kind: 'leave'; readonly share: number; readonly atSeconds: number }

/**
 * - `on-off:ON,OFF`: exponential times with these means, in seconds
 * - `phones` or `phones:DAY`: phones that come and go over days of so many seconds, 86400 unless it says otherwise
 * - `trace:FILE`: see `readAvailability`
 * - `partition:SHARE,FROM,TO`: cut off a share of the nodes, and heal
 * - `leave:SHARE,AT`
 *
 * @throws InvalidParametersError
 */
export function parseDisturbance(spec: string): Disturbance {
  if (spec === 'phones') return { kind: 'phones', daySeconds: 86_400 }
  const [, kind, list] = /^([a-z-]+):(.*)$/.exec(spec) ?? [undefined, '', '']
  const [a, b, c, ...rest] = list.split(',').map(text => (text.trim() === '' ? NaN : Number(text)))
  const isShare = a > 0 && a < 1
  if (kind === 'on-off' && a > 0 && b > 0 && a + b < Infinity && c === undefined) {
    return { kind, onSeconds: a, offSeconds: b }
  }
  if (kind === 'phones' && a > 0 && a < Infinity && b === undefined) return { kind, daySeconds: a }
  if (kind === 'trace' && list !== '') {
    readAvailability(list)
    return { kind, path: list }
  }
  if (kind === 'partition' && isShare && b >= 0 && c > b && c < Infinity && rest.length === 0) {
    return { kind, share: a, fromSeconds: b, toSeconds: c }
  }
  if (kind === 'leave' && isShare && b >= 0 && b < Infinity && c === undefined) return { kind, share: a, atSeconds: b }
  const expected =
    'on-off:ON,OFF, phones:DAY, trace:FILE, partition:SHARE,FROM,TO or leave:SHARE,AT, as in on-off:20,80 or leave:0.5,60'
  throw new InvalidParametersError(`churn ${spec}: expected ${expected}, with shares between 0 and 1 and seconds.`)
}

/** @throws InvalidParametersError when one of them would undo what another one does */
export function checkDisturbances(disturbances: readonly Disturbance[]): void {
  const schedules = disturbances.filter(({ kind }) => ['on-off', 'phones', 'trace'].includes(kind))
  if (schedules.length > 1) {
    const [first, second] = schedules
    throw new InvalidParametersError(
      `churn ${first.kind} and ${second.kind}: each says when every node is online. Leave one of them out.`
    )
  }
  const partitions = disturbances.filter(each => each.kind === 'partition')
  partitions.sort((a, b) => a.fromSeconds - b.fromSeconds)
  for (const [i, { fromSeconds }] of partitions.slice(1).entries()) {
    const { toSeconds } = partitions[i]
    if (fromSeconds > toSeconds) continue
    throw new InvalidParametersError(
      `churn partition: one begins at ${fromSeconds} s, and another one heals at ${toSeconds} s; expected one after the other.`
    )
  }
}

/** Have a disturbance happen to a simulation; called before it runs. The same seed gives the same one. */
export function disturb(simulation: Simulation, disturbance: Disturbance, seed: number): void {
  const { clock, nodes } = simulation
  const rng = createRng(seed).fork('churn')
  // Chosen by a draw of each node: neighbours in the graph are often neighbours in number.
  const chosen = (share: number): ReadonlySet<number> => {
    const ranked = [...nodes.keys()].map(node => ({ node, draw: rng.fork(node).uniform() }))
    ranked.sort((a, b) => a.draw - b.draw)
    return new Set(ranked.slice(0, Math.round(share * nodes.length)).map(({ node }) => node))
  }
  switch (disturbance.kind) {
    case 'on-off': {
      const { onSeconds, offSeconds } = disturbance
      for (const node of nodes.keys()) {
        const own = rng.fork(node)
        const afterMean = (seconds: number, happening: () => void): void =>
          clock.after(-1000 * seconds * Math.log(1 - own.uniform()), happening)
        const goOff = (): void => {
          simulation.sleep(node)
          afterMean(offSeconds, goOn)
        }
        const goOn = (): void => {
          simulation.wake(node)
          afterMean(onSeconds, goOff)
        }
        afterMean(onSeconds, goOff)
      }
      return
    }
    case 'phones':
      for (const node of nodes.keys()) {
        follow(simulation, node, phoneAvailability(disturbance.daySeconds, rng.fork('phones').fork(node)))
      }
      return
    case 'trace': {
      const devices = readAvailability(disturbance.path)
      for (const node of nodes.keys()) follow(simulation, node, tracedAvailability(devices[node % devices.length]))
      return
    }
    case 'partition': {
      const cutOff = chosen(disturbance.share)
      clock.after(1000 * disturbance.fromSeconds, () => simulation.partition(node => Number(cutOff.has(node))))
      clock.after(1000 * disturbance.toSeconds, () => simulation.partition(() => 0))
      return
    }
    case 'leave':
      clock.after(1000 * disturbance.atSeconds, () => {
        for (const node of chosen(disturbance.share)) simulation.leave(node)
      })
  }
}

/** Have a node sleep and wake at the times of an availability. */
function follow(simulation: Simulation, node: number, { startsOnline, changes }: Availability): void {
  const { clock } = simulation
  const turn = (online: boolean): void => {
    if (online) simulation.wake(node)
    else simulation.sleep(node)
    const next = changes.next()
    if (next.done !== true) clock.after(Math.max(0, 1000 * next.value - clock.nowMs), () => turn(!online))
  }
  clock.after(0, () => turn(startsOnline))
}
