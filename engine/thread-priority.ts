import { readlinkSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'

/** A third of the processor's time when another thread wants it too, all of it when none does. */
const STEPS_BACK = 5

/**
 * Let all other threads go first when there are more of them than processors: those that answer predictions and peers need
 * little time, but at once. Changes nothing but on Linux, where a thread has a priority of its own.
 */
export function stepBack(): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    setPriority(thread, Math.min(constants.priority.PRIORITY_LOW, getPriority(thread) + STEPS_BACK))
  } catch {
    // No such folder, or a sandbox that forbids it: training then takes its equal share.
  }
}
