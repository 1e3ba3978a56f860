import { exitCodes } from '../exit-codes.js'

/** A run that can be ended. */
export interface Stoppable {
  /** Cleanly: what was learned is kept. */
  stop(): void
  kill(): void
}

/** The first Ctrl-C ends the run cleanly, the second at once. */
export function stopOnInterrupt(run: Stoppable, note: (text: string) => void): { remove(): void } {
  let interrupts = 0
  const onSignal = (): void => {
    interrupts++
    if (interrupts === 1) {
      note('stopping; press Ctrl-C again to stop at once')
      run.stop()
      return
    }
    run.kill()
    process.exit(exitCodes.forced)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    remove() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  }
}
