import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.js'
import { suggestion } from './suggestion.js'

/** Something about the command line that no option's own check could find. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** No node runs where a command looks for one. */
export class NoNodeError extends Error {
  override readonly name = 'NoNodeError'
}

/** There is no record of a run, or none that can be read. */
export class NoRunError extends Error {
  override readonly name = 'NoRunError'
}

/** A swarm could not begin. */
export class SwarmError extends Error {
  override readonly name = 'SwarmError'
  constructor(
    message: string,
    readonly exitCode: number
  ) {
    super(message)
  }
}

/** A config file that cannot be used. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError'
}

/** Results cannot be written where they should be. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** A folder that holds no record of a run, or not all of it. */
export class InvalidRecordError extends Error {
  override readonly name = 'InvalidRecordError'
}

/** How an error is told to a user: one message, and how the process ends. */
export interface Report {
  readonly message: string
  readonly exitCode: number
}

/** Errors of which the user is told in their own words, without a stack. */
const exitCodeOf: Readonly<Record<string, number>> = {
  UsageError: exitCodes.usage,
  InvalidAddressError: exitCodes.usage,
  UnknownNameError: exitCodes.usage,
  InvalidParametersError: exitCodes.usage,
  InvalidDataError: exitCodes.invalid,
  InvalidExampleError: exitCodes.invalid,
  RequestError: exitCodes.invalid,
  InvalidTaskError: exitCodes.invalid,
  InvalidModelError: exitCodes.invalid,
  ModelMismatchError: exitCodes.invalid,
  BackendUnavailableError: exitCodes.invalid,
  HomeError: exitCodes.invalid,
  InvalidKeyError: exitCodes.invalid,
  ForeignCheckpointError: exitCodes.invalid,
  ListenError: exitCodes.invalid,
  OutputError: exitCodes.invalid,
  InvalidConfigError: exitCodes.invalid,
  InvalidRecordError: exitCodes.invalid,
  InvalidSpecError: exitCodes.invalid,
  NoRunError: exitCodes.invalid,
  NotEnoughMemoryError: exitCodes.invalid,
  JoinError: exitCodes.noPeer,
  RefusedError: exitCodes.noPeer,
  UnsupportedVersionError: exitCodes.noPeer,
  NoNodeError: exitCodes.noPeer,
  UnusableEngineError: exitCodes.invalid,
  EngineError: exitCodes.failure
}

export function reportOf(error: unknown): Report {
  if (error instanceof CommanderError) {
    // Commander has printed its message already, and the help when that was asked for.
    return { message: '', exitCode: error.exitCode === 0 ? exitCodes.done : exitCodes.usage }
  }
  if (error instanceof SwarmError) return error
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  const exitCode = exitCodeOf[name]
  if (exitCode === undefined) return { message: `this is a bug in murmur:\n${stack}`, exitCode: exitCodes.failure }
  return { message: [message, ...hintsOf(error as Error)].join('\n'), exitCode }
}

function hintsOf(error: Error): string[] {
  if ('known' in error && 'actual' in error) {
    const [name] = String(error.actual).split(':')
    return suggestion(
      name,
      (error.known as string[]).map(known => known.split(':')[0])
    )
  }
  return 'attempts' in error ? (error.attempts as string[]).map(attempt => `  ${attempt}`) : []
}
