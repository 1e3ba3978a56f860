/** A swarm did not do what a convergence test expects of it. */
export class ConvergenceError extends Error {
  override readonly name = 'ConvergenceError'

  /**
   * @param message - what was expected, what was found, and a small plot
   * @param round - the first one where the curve left its band; undefined when no round is to blame
   */
  constructor(
    message: string,
    readonly round?: number,
    readonly actual?: number,
    readonly expected?: number
  ) {
    super(message)
  }
}

/** A convergence spec that is no spec, or contradicts itself. */
export class InvalidSpecError extends Error {
  override readonly name = 'InvalidSpecError'

  /** @param path - of the field, as in `swarm.churn[1]` */
  constructor(
    readonly path: string,
    problem: string,
    options?: ErrorOptions
  ) {
    super(`${path}: ${problem}`, options)
  }
}
