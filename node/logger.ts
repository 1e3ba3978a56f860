import { pino } from 'pino'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** Message first, fields after. */
export interface Logger {
  error(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  debug(message: string, fields?: Record<string, unknown>): void
}

/** JSON lines on stderr, one a message. */
export function createLogger(component: string, level: LogLevel): Logger {
  const log = pino({ name: component, level, base: null }, pino.destination({ dest: 2, sync: true }))
  return {
    error: (message, fields = {}) => log.error(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    debug: (message, fields = {}) => log.debug(fields, message)
  }
}
