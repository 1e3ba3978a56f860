/** Where in a file the fault is. */
export interface Place {
  /** Counted from 1; of a row that spans several lines, the last. */
  readonly line?: number
  /** The column of a table, or the field of a JSON file: `nodes[3][17]`. */
  readonly column?: string
  readonly cause?: unknown
}

/** A file or folder that does not hold the data expected of it. The user can correct it. */
export class InvalidDataError extends Error {
  override readonly name = 'InvalidDataError'
  readonly line?: number
  readonly column?: string

  /**
   * @param file - the path as the user gave it
   * @param problem - what was found, what was expected and the next step; the message puts file and line before it
   */
  constructor(
    readonly file: string,
    problem: string,
    place: Place = {}
  ) {
    const where = place.line === undefined ? file : `${file} line ${place.line}`
    super(`${where}: ${problem}`, place.cause === undefined ? undefined : { cause: place.cause })
    this.line = place.line
    this.column = place.column
  }
}

/** An example handed in for prediction that does not fit the schema: the caller's fault, a server answers 400. */
export class InvalidExampleError extends Error {
  override readonly name = 'InvalidExampleError'

  /**
   * @param example - counted from 0
   * @param field - undefined when the example as a whole is at fault
   */
  constructor(
    readonly example: number,
    readonly field: string | undefined,
    problem: string
  ) {
    super(`example ${example}: ${problem}`)
  }
}

/** A setting outside its range, or settings that contradict each other or the data. */
export class InvalidParametersError extends Error {
  override readonly name = 'InvalidParametersError'
}

/** A name that no registry knows. `known` lets a caller suggest the nearest one. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError'
  constructor(
    /** What was looked up, as a user would say it: "partition". */
    readonly kind: string,
    readonly actual: string,
    readonly known: readonly string[]
  ) {
    super(`unknown ${kind} "${actual}"; expected one of ${known.join(', ')}`)
  }
}
