import { execFileSync } from 'node:child_process'
import { narrate } from '../output.js'

/**
 * Hold this thread, and all of each process that it starts from now on, to one processor. Those of a shared machine differ by half for
 * minutes, more than what is compared, and a process stays where it is.
 */
export function holdToOneCore(): void {
  const taskset = (...args: string[]): string => execFileSync('taskset', args, { encoding: 'utf8', stdio: 'pipe' })
  try {
    const [first] = taskset('-cp', String(process.pid))
      .split(': ')[1]
      .split(/[-,\n]/)
    taskset('-cp', first, String(process.pid))
  } catch {
    narrate('not held to one processor, for there is no taskset: processes may have got faster and slower ones')
  }
}
