import type { Command } from 'commander'
import { UsageError } from './errors.js'

const on = ['1', 'true', 'yes', 'on']
const off = ['0', 'false', 'no', 'off', '']

/**
 * A flag without a value is on when its variable says so, and not because there is one. Changes `environment`, in which
 * commander takes any value as yes.
 *
 * @throws UsageError when a variable says neither
 */
export function readSwitches(program: Command, environment: NodeJS.ProcessEnv): void {
  for (const { required, optional, envVar } of program.commands.flatMap(({ options }) => options)) {
    const value = envVar === undefined ? undefined : environment[envVar]
    if (required || optional || envVar === undefined || value === undefined) continue
    if (off.includes(value.toLowerCase())) delete environment[envVar]
    else if (!on.includes(value.toLowerCase())) {
      throw new UsageError(`${envVar} is "${value}"; expected 1 or 0.`)
    }
  }
}
