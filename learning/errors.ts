/** A name that no registry knows. `known` lets a caller suggest the nearest one. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError'
  constructor(
    /** What was looked up, as a user would say it: "topology", "compressor". */
    readonly kind: string,
    readonly actual: string,
    readonly known: readonly string[]
  ) {
    super(`unknown ${kind} "${actual}"; expected one of ${known.join(', ')}`)
  }
}

/** A setting outside its range, or settings that contradict each other. */
export class InvalidParametersError extends Error {
  override readonly name = 'InvalidParametersError'
}

/** Bytes that are no valid encoding of what they claim to be. */
export class MalformedUpdateError extends Error {
  override readonly name = 'MalformedUpdateError'
}
