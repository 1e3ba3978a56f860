import { existsSync, readFileSync } from 'node:fs'
import { InvalidArgumentError, type Command, type Option } from 'commander'
import { parseDocument } from 'yaml'
import { InvalidConfigError } from './errors.js'
import { suggestion } from './suggestion.js'

/** Read when it lies in the current folder and `--config` names no other. */
export const defaultConfigFile = 'murmur.yaml'

/**
 * Take from a config file the flags that neither the command line nor the environment gives. Changes the command.
 *
 * The file is YAML: `local-steps: 8` for `--local-steps 8`, a list for a flag that can be repeated, `true` for one without a
 * value. One file may serve several commands: what only another one knows is left to it.
 *
 * @returns the path of the file; undefined when there is none
 * @throws InvalidConfigError naming file and flag
 */
export function applyConfigFile(command: Command): string | undefined {
  const { config } = command.opts<{ config?: string }>()
  if (config === undefined && !existsSync(defaultConfigFile)) return undefined
  const path = config ?? defaultConfigFile
  const values = readConfig(path)
  const all = command.parent?.commands.flatMap(each => each.options) ?? []
  for (const [key, value] of Object.entries(values)) {
    const option = command.options.find(({ long }) => long === `--${key}`)
    if (option !== undefined) apply(command, option, path, value)
    else if (!all.some(({ long }) => long === `--${key}`)) throw unknown(path, key, all)
  }
  return path
}

function readConfig(path: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new InvalidConfigError(`${path}: the file cannot be read: ${(cause as Error).message}. Check --config.`, {
      cause
    })
  }
  const document = parseDocument(text)
  const [fault] = document.errors
  if (fault !== undefined) {
    const [problem] = fault.message.split('\n')
    throw new InvalidConfigError(`${path}: ${problem.replace(/:$/, '')}. Expected YAML such as "nodes: 4".`)
  }
  const values: unknown = document.toJS() ?? {}
  if (typeof values === 'object' && !Array.isArray(values)) return values as Record<string, unknown>
  throw new InvalidConfigError(`${path}: no names with values; expected YAML such as "nodes: 4".`)
}

function apply(command: Command, option: Option, path: string, value: unknown): void {
  const name = option.attributeName()
  const source = command.getOptionValueSource(name)
  if (source === 'cli' || source === 'env' || value === null) return
  command.setOptionValueWithSource(name, parse(option, path, value), 'config')
}

function parse(option: Option, path: string, value: unknown): unknown {
  const key = (option.long ?? '').slice(2)
  const given = Array.isArray(value) ? (value as unknown[]) : [value]
  const known = given.every(each => ['string', 'number', 'boolean'].includes(typeof each))
  const isSwitch = !option.required && !option.optional
  if (!known || isSwitch !== (typeof value === 'boolean')) {
    const expected = isSwitch ? 'true or false' : 'a text or a number'
    throw new InvalidConfigError(`${path}: "${key}" is ${JSON.stringify(value)}; expected ${expected}.`)
  }
  if (isSwitch || option.parseArg === undefined) return isSwitch ? value : String(value)
  try {
    const first = Array.isArray(option.defaultValue) ? option.defaultValue : undefined
    const parsed = given.reduce((others: unknown, each) => option.parseArg!(String(each), others), first as unknown)
    return parsed
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause
    throw new InvalidConfigError(`${path}: "${key}" is ${JSON.stringify(value)}. ${cause.message}`, { cause })
  }
}

function unknown(path: string, key: string, options: readonly Option[]): InvalidConfigError {
  const names = options.flatMap(({ long }) => long?.slice(2) ?? [])
  const expected = 'expected the name of a flag, as `murmur up --help` lists them.'
  return new InvalidConfigError([`${path}: unknown name "${key}"; ${expected}`, ...suggestion(key, names)].join('\n'))
}
