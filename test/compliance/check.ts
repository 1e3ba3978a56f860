import { suite } from 'uvu'

/** One thing that every implementation of a kind must do. It fails by throwing. */
export interface Check {
  /** A sentence: what holds. */
  readonly name: string
  run(): void | Promise<void>
}

/** Register `checks` as one uvu suite and run it. */
export function runChecks(suiteName: string, checks: readonly Check[]): void {
  const compliance = suite(suiteName)
  for (const check of checks) compliance(check.name, () => check.run())
  compliance.run()
}
