import { defaultSettings } from '../../node/learning-settings.js'
import { defaultConditions } from '../../simulation/index.js'
import type { SwarmConfig } from '../swarm/config.js'

/** Settings whose flags have the same names. */
const flags = [
  'topology',
  'averaging',
  'compress',
  'localSteps',
  'learningRate',
  'momentum',
  'batchSize',
  'optimizer',
  'seed'
] as const

/** Flags of a simulation; the record of a real run has none of them. */
const conditions = ['latency', 'bandwidth', 'loss', 'stepTime', 'stragglers', 'energy', 'evalNodes'] as const

function settingOf(config: object, name: string): unknown {
  return (config as Record<string, unknown>)[name]
}

function usualOf(name: (typeof conditions)[number], nodes: number): unknown {
  return name === 'evalNodes' ? nodes : settingOf(defaultConditions, name)
}

/**
 * The command that does a run again, with what differs from the defaults.
 *
 * @param virtual - it was simulated
 */
export function commandOf({ settings, ...config }: SwarmConfig, virtual: boolean): string {
  const { nodes, rounds, dataset, samples, partition, label, kind, standardise, missing, until, evalEvery } = config
  const given: [string, unknown, unknown?][] = [
    ['nodes', nodes],
    ['rounds', rounds],
    ['dataset', dataset, 'mnist'],
    ['samples', samples],
    ['partition', partition, 'iid'],
    ['label', label],
    ['kind', kind],
    ['standardise', standardise, 'local'],
    ['missing', missing, 'fail'],
    ['until', until && `${until.metric}=${until.value}`],
    ['eval-every', evalEvery, 1],
    ['model', typeof settings.model === 'string' ? settings.model : '<the same model.json>', defaultSettings.model],
    ...conditions.map((name): [string, unknown, unknown] => [
      dashed(name),
      settingOf(config, name),
      usualOf(name, nodes)
    ]),
    ...flags.map((name): [string, unknown, unknown] => [dashed(name), settings[name], defaultSettings[name]])
  ]
  const shown = given.filter(([, value, usual]) => value !== undefined && value !== null && value !== usual)
  return [
    `murmur ${virtual ? 'simulate' : 'swarm'}`,
    ...shown.map(([name, value]) => `--${name} ${quoted(value)}`)
  ].join(' ')
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function quoted(value: unknown): string {
  const text = String(value)
  return /^[\w.:,=/+-]+$/.test(text) ? text : `'${text}'`
}
