import { formatBytes, formatSeconds, formatShare } from '../output.js'
import type { Spread } from '../swarm/scoreboard.js'
import type { Run } from './read-run.js'

type Line = [name: string, value: string]

/** What a run came to, a line a figure. */
export function results({ summary }: Run): Line[] {
  const { accuracy, r2, bytes, seconds, target, rounds, consensusDistance, memory } = summary
  return [
    ['rounds', String(rounds)],
    ...(accuracy === null ? [] : [line('accuracy', spreadOf(accuracy, formatShare))]),
    ...(r2 === null
      ? []
      : [
          line(
            'r2',
            spreadOf(r2, value => value.toFixed(3))
          )
        ]),
    ['consensus distance', consensusDistance.toFixed(3)],
    ['sent a node', formatBytes(bytes.sentPerNode)],
    ['received a node', formatBytes(bytes.receivedPerNode)],
    ['time', formatSeconds(seconds.wall)],
    ['CPU, all nodes', formatSeconds(seconds.cpu)],
    ['memory a node', formatBytes(memory.maxRssPerNode)],
    ...(target === null
      ? []
      : [line(`${target.metric}=${target.value}`, target.reached ? `reached in round ${target.round}` : 'not reached')])
  ]
}

function line(name: string, value: string): Line {
  return [name, value]
}

function spreadOf({ mean, min, max }: Spread, format: (value: number) => string): string {
  return `${format(mean)} (${format(min)} to ${format(max)})`
}
