import { readFileSync } from 'node:fs'

const SCHEDSTAT = '/proc/thread-self/schedstat'

/**
 * CPU time that the calling thread has used, in milliseconds.
 *
 * On Linux the kernel's own count, up to one scheduler tick (1-4 ms) late while the thread runs, so that differences
 * are exact in the long run. Elsewhere that of the whole process.
 */
export function threadCpuMs(): number {
  try {
    return Number(readFileSync(SCHEDSTAT, 'utf8').split(' ', 1)[0]) / 1e6
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e3
  }
}
