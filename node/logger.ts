import { createRequire } from 'node:module'
import { pino, type DestinationStream } from 'pino'
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

/** A line on stderr a message. @param format - `json`: an object a line; `pretty`: for people. @default 'json' */
export function createLogger(component: string, level: LogLevel, format: LogFormat = 'json'): Logger {
  const log = pino({ level, base: { name: component } }, format === 'json' ? jsonLines() : prettyLines())
  return {
    error: (message, fields = {}) => log.error(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    debug: (message, fields = {}) => log.debug(fields, message)
  }
}

function jsonLines(): DestinationStream {
  return pino.destination({ dest: stderr, sync: true })
}

function prettyLines(): DestinationStream {
  // Few nodes write for people; the others start sooner without it.
  const { PinoPretty } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty
  const colorize = process.stderr.isTTY && !process.env.NO_COLOR
  return PinoPretty({ destination: stderr, sync: true, colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
}
