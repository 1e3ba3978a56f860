import { openSync, readSync } from 'node:fs'

const SCHEDSTAT = '/proc/thread-self/schedstat'

/** Of the thread that loads this module: opened once, for to open and close it takes longer than to read. */
const schedstat = open()
const text = Buffer.alloc(64)

/**
 * CPU time that the calling thread has used, in milliseconds.
 *
 * On Linux the kernel's own count, up to one scheduler tick (1-4 ms) late while the thread runs, so that differences
 * are exact in the long run. Elsewhere that of the whole process.
 */
export function threadCpuMs(): number {
  if (schedstat === undefined) {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e3
  }
  const length = readSync(schedstat, text, 0, text.length, 0)
  return parseInt(text.toString('latin1', 0, length), 10) / 1e6
}

function open(): number | undefined {
  try {
    return openSync(SCHEDSTAT, 'r')
  } catch {
    return undefined
  }
}
