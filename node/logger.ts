import { createRequire } from 'node:module'
import type * as Pino from 'pino'
import type * as Pretty from 'pino-pretty'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

export const logFormats = ['json', 'pretty'] as const
export type LogFormat = (typeof logFormats)[number]

/** What is logged, and how. */
export interface LogOptions {
  readonly level: LogLevel
  readonly format: LogFormat
}

/** Message first, fields after. */
export interface Logger {
  error(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  debug(message: string, fields?: Record<string, unknown>): void
}

const stderr = 2

const require = createRequire(import.meta.url)

/** A line on stderr a message. @param format - `json`: an object a line; `pretty`: for people. @default 'json' */
export function createLogger(component: string, level: LogLevel, format: LogFormat = 'json'): Logger {
  // Most nodes have nothing to say when they start, and start sooner without what it is said with.
  let log: Pino.Logger | undefined
  const open = (): Pino.Logger => {
    const { pino } = require('pino') as typeof Pino
    return pino({ level, base: { name: component } }, format === 'json' ? jsonLines(pino) : prettyLines())
  }
  const writer = (own: Exclude<LogLevel, 'silent'>) => {
    const isSaid = logLevels.indexOf(own) <= logLevels.indexOf(level)
    return (message: string, fields: Record<string, unknown> = {}): void => {
      if (isSaid) (log ??= open())[own](fields, message)
    }
  }
  return { error: writer('error'), warn: writer('warn'), info: writer('info'), debug: writer('debug') }
}

function jsonLines(pino: typeof Pino.pino): Pino.DestinationStream {
  return pino.destination({ dest: stderr, sync: true })
}

function prettyLines(): Pino.DestinationStream {
  const { PinoPretty } = require('pino-pretty') as typeof Pretty
  const colorize = process.stderr.isTTY && !process.env.NO_COLOR
  return PinoPretty({ destination: stderr, sync: true, colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
}
