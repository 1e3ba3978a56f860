// Loaded into a process before its program: on SIGUSR2 it tells its parent what it holds, garbage left out.
import { readdirSync } from 'node:fs'
import { queryObjects } from 'node:v8'
import { settledMemory } from './settled-memory.js'

/** What a process holds that must not grow with time. */
export interface Held {
  readonly type: 'held'
  /** Heap and array buffers of the main thread. */
  readonly bytes: number
  /** Streams, connections, abort signals. */
  readonly eventTargets: number
  /** Closures, and with them listeners. */
  readonly functions: number
  /** Open files and sockets. */
  readonly files: number
}

process.on('SIGUSR2', () => {
  const held: Held = {
    type: 'held',
    bytes: settledMemory(),
    eventTargets: queryObjects(EventTarget, { format: 'count' }),
    functions: queryObjects(Function, { format: 'count' }),
    files: readdirSync('/proc/self/fd').length
  }
  process.send?.(held, undefined, undefined, () => {})
})
