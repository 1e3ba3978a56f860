import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { defaultSettings } from '../../node/learning-settings.js'
import type { SwarmConfig } from '../swarm/config.js'

/** Settings whose flags have the same names. */
const flags = [
  'topology',
  'averaging',
  'compress',
  'localSteps',
  'sharing',
  'roundMemory',
  'learningRate',
  'momentum',
  'batchSize',
  'optimizer',
  'weightDecay',
  'clipNorm',
  'clipValue',
  'perExampleClipNorm',
  'seed'
] as const

/** The command that does a run of real nodes again, with what differs from the defaults. */
export function swarmCommandOf({ settings, ...config }: SwarmConfig): string {
  const usual = { ...defaultSettings, compress: chooseCompressor(settings.averaging, {}) }
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
    ['model', typeof settings.model === 'string' ? settings.model : '<the same model.json>', usual.model],
    ...flags.map((name): [string, unknown, unknown] => [dashed(name), settings[name], usual[name]])
  ]
  const shown = given.filter(([, value, usual]) => value !== undefined && value !== null && value !== usual)
  return ['murmur swarm', ...shown.map(([name, value]) => `--${name} ${quoted(value)}`)].join(' ')
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** As a shell takes it. */
export function quoted(value: unknown): string {
  const text = String(value)
  return /^[\w.:,=/+-]+$/.test(text) ? text : `'${text}'`
}
