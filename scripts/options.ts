import { InvalidArgumentError, Option } from 'commander'
import { BACKEND_NAMES, DEFAULT_WEIGHT_DECAY, OPTIMIZER_NAMES } from '../engine/index.js'
import { defaultSettings, type LearningSettings } from '../node/learning-settings.js'
import { logFormats, logLevels, type LogFormat, type LogLevel } from '../node/logger.js'
import { suggestion } from './suggestion.js'

export const maxPort = 65_535

/** What `--until` asks for: stop as soon as the swarm has it. */
export interface Target {
  readonly metric: 'accuracy' | 'loss' | 'r2'
  readonly value: number
}

/** Of `logOptions`. */
export interface LogFlags {
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
}

/** Flags that say how to learn: the same for every command that founds a task. */
export function learningOptions(): Option[] {
  const { model, topology, averaging, localSteps, learningRate, momentum, batchSize, optimizer, seed } = defaultSettings
  return group('Learning:', [
    option(
      '--model <spec>',
      'softmax, mlp, mlp:64,32, lenet, ds-cnn, mobilenet-v1-0.25, resnet8, autoencoder, conv1d, gru, or a tfjs model.json'
    ).default(model),
    option(
      '--topology <spec>',
      'ring, torus, complete, exponential, one-peer-exponential, random-regular:K, edges:0-1,1-2,...'
    ).default(topology),
    option(
      '--averaging <spec>',
      'd-psgd, choco-sgd, swarm-sgd, anti-entropy, relay-sum, epidemic:S, gossip-learning:C or push-sum'
    ).default(averaging),
    option(
      '--compress <spec>',
      'float32, float16, quantize:8, sign, top-k:0.01+quantize:8, random-blocks:0.1, low-rank:4, quantize:4+exact:bias, top-k:0.01+sharing:quantize:8, ... (default: what suits the strategy)'
    ),
    option(
      '--budget <bytes>',
      'instead: what a node may send, as 200KB/round or 5MB/hour; it compresses accordingly (default: any)'
    ).conflicts('compress'),
    option('--local-steps <n>', 'optimizer steps between two averagings').default(localSteps).argParser(wholeNumber(1)),
    option(
      '--sharing <rounds>',
      'rounds without local steps, as in 4:1: one after every four with them; last:4: the last four (default: none)'
    ),
    option(
      '--round-memory <spec>',
      'what nodes carry over to the next round: quasi-global, outer or exact-diffusion (default: nothing)'
    ),
    option('--learning-rate <x>', 'step size').default(learningRate).argParser(positive),
    option('--batch-size <n>', 'rows a step').default(batchSize).argParser(wholeNumber(1)),
    choice('--optimizer <name>', 'how steps are taken', OPTIMIZER_NAMES).default(optimizer),
    option('--momentum <x>', 'for --optimizer momentum and nesterov').default(momentum).argParser(share),
    option('--weight-decay <x>', `for --optimizer adamw (default: ${DEFAULT_WEIGHT_DECAY})`).argParser(notNegative),
    option('--clip-norm <x>', "most that a gradient's norm may be (default: any)").argParser(positive),
    option('--clip-value <x>', "most that a gradient's entry may be (default: any)").argParser(positive),
    option('--per-example-clip-norm <x>', "most that one example's gradient may be (default: any)").argParser(positive),
    option('--seed <n>', 'fixes every random choice').default(seed).argParser(wholeNumber(0))
  ])
}

/** Flags that say how rows are read. */
export function dataOptions(): Option[] {
  return group('Data:', [
    option('--label <column>', 'the column to predict (default: the last)'),
    choice('--kind <kind>', 'what the label is (default: seen from its values)', ['classification', 'regression']),
    choice('--standardise <how>', 'numbers scaled by own statistics, by statistics in the task, or not', [
      'local',
      'task',
      'none'
    ]).default('local'),
    missingOption()
  ])
}

/** Of every command that runs real nodes. */
export function logOptions(): Option[] {
  return [
    choice('--log-level <level>', 'what is logged, on stderr', logLevels).default('warn'),
    choice('--log-format <format>', 'an object a line, or for people', logFormats).default('json')
  ]
}

export function backendOption(): Option {
  return choice('--backend <name>', 'what trains', BACKEND_NAMES).default('auto')
}

/** For real nodes alone: what is simulated comes out the same everywhere. */
export function reproducibleOption(): Option {
  return option('--reproducible', 'learn the same on every kind of machine to the last digit, though slower')
}

export function missingOption(): Option {
  return choice('--missing <what>', 'what to do with rows that lack a value', ['fail', 'drop']).default('fail')
}

/** Put options under a heading of the help. Changes them. */
export function group(heading: string, options: Option[]): Option[] {
  return options.map(each => each.helpGroup(heading))
}

/** Every flag can come from the environment: `--local-steps` from MURMUR_LOCAL_STEPS. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description)
  const name = (made.long ?? '')
    .replace(/^--(no-)?/, '')
    .replaceAll('-', '_')
    .toUpperCase()
  return made.env(`MURMUR_${name}`)
}

/** One of some names; another is told the nearest. */
export function choice(flags: string, description: string, names: readonly string[]): Option {
  return option(flags, description).choices(names).argParser(oneOf(names))
}

export function oneOf(names: readonly string[]): (text: string) => string {
  return text => {
    if (names.includes(text)) return text
    throw new InvalidArgumentError([`Expected one of ${names.join(', ')}.`, ...suggestion(text, names)].join('\n'))
  }
}

/** A flag that may be given more than once; from the environment or a file, values are separated by commas. */
export function repeated<T>(parse: (text: string) => T): (text: string, others: readonly T[]) => readonly T[] {
  return (text, others) => [...others, ...text.split(',').map(each => parse(each.trim()))]
}

export function wholeNumber(minimum: number, maximum = Infinity): (text: string) => number {
  const expected = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
  return text => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum || text.trim() === '') {
      throw new InvalidArgumentError(`Expected a whole number ${expected}.`)
    }
    return value
  }
}

export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number above 0.')
  return value
}

export function notNegative(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0 || text.trim() === '') {
    throw new InvalidArgumentError('Expected a number of at least 0.')
  }
  return value
}

export function share(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value < 1) || text.trim() === '') {
    throw new InvalidArgumentError('Expected a number from 0 to below 1.')
  }
  return value
}

/** `accuracy=0.92` */
export function target(text: string): Target {
  const [metric, value, ...rest] = text.split('=')
  const number = Number(value)
  if (
    !['accuracy', 'loss', 'r2'].includes(metric) ||
    value === undefined ||
    !Number.isFinite(number) ||
    rest.length > 0
  ) {
    throw new InvalidArgumentError('Expected accuracy=X, loss=X or r2=X, for example accuracy=0.92.')
  }
  if (metric !== 'loss' && number > 1) throw new InvalidArgumentError(`Expected a share: ${metric} is never above 1.`)
  return { metric: metric as Target['metric'], value: number }
}

/** The values of `learningOptions`, as commander names them. */
export type LearningFlags = Omit<LearningSettings, 'name' | 'model' | 'loss'> & { readonly model: string }
