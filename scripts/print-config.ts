import type { Command, Option } from 'commander'
import { formatTable, printJson, printResult } from './output.js'

/** What a flag is, and who said so. */
interface Setting {
  readonly value: unknown
  /** `flag`, a variable of the environment, a config file or `default`. */
  readonly from: string
}

/** Print each flag of a command with its value and where that came from. */
export function printConfig(command: Command, configFile: string | undefined): void {
  const settings = command.options
    .filter(({ long }) => long !== '--config' && long !== '--print-config')
    .map((option): readonly [string, Setting] => [(option.long ?? '').slice(2), settingOf(command, option, configFile)])
  if (command.opts<{ json?: boolean }>().json === true) return printJson(Object.fromEntries(settings))
  const rows = settings.map(([name, { value, from }]) => [`--${name}`, shown(value), from])
  printResult(formatTable([['FLAG', 'VALUE', 'FROM'], ...rows]))
}

function settingOf(command: Command, option: Option, configFile: string | undefined): Setting {
  const name = option.attributeName()
  const value: unknown = command.getOptionValue(name)
  const sources: Record<string, string | undefined> = { cli: 'flag', env: option.envVar, config: configFile }
  return { value: value ?? null, from: sources[command.getOptionValueSource(name) ?? ''] ?? 'default' }
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
