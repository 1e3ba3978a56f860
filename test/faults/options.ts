import { parseArgs } from 'node:util'
import { defaultSettings } from '../../node/index.js'
import type { Extent } from './fault.js'

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, averaging: { type: 'string' } },
  allowPositionals: true
})

export const extent: Extent = values.quick ? 'quick' : 'full'
/** Of all swarms of the suite, but for faults that are about a strategy. @default as users get it */
export const averaging = values.averaging ?? defaultSettings.averaging
/** Only the faults whose name holds one of these words; none: all. */
export const words: readonly string[] = positionals
