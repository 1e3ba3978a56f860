import { within } from './within.js'

/** Lets a test wait for what callbacks report: call `notify` in each, then wait `until` something holds. */
export class Changes {
  readonly #checks = new Set<() => void>()

  readonly notify = (): void => {
    for (const check of this.#checks) check()
  }

  /**
   * @param holds - looked at now and after every `notify`
   * @param what - completes "timed out waiting for ..."
   */
  async until(holds: () => boolean, what: string, ms = 5000): Promise<void> {
    if (holds()) return
    let check!: () => void
    const held = new Promise<void>(resolve => {
      check = () => {
        if (holds()) resolve()
      }
    })
    this.#checks.add(check)
    try {
      await within(held, ms, what)
    } finally {
      this.#checks.delete(check)
    }
  }
}
