// `npm run test:faults`: inject faults into real processes and print what was reached. `--quick`: a part, in few minutes;
// `--averaging d-psgd`: with another strategy than the default; a word: only the faults whose name holds it.
import { formatTable } from '../../scripts/output.js'
import { crashes } from './crashes.js'
import { disks } from './disks.js'
import type { Fault, Outcome } from './fault.js'
import { networks } from './networks.js'
import { averaging, extent, words } from './options.js'
import { soaks } from './soak.js'
import { strangers } from './strangers.js'

const faults: readonly Fault[] = [...crashes, ...networks, ...disks, ...strangers, ...soaks]

async function measure(fault: Fault): Promise<{ readonly state: string; readonly reached: string }> {
  const unavailable = fault.unavailable?.()
  if (unavailable !== undefined) return { state: 'skipped', reached: unavailable }
  if (fault.fullOnly === true && extent === 'quick' && words.length === 0)
    return { state: 'skipped', reached: 'only in the full run' }
  let outcome: Outcome
  try {
    outcome = await fault.run(extent)
  } catch (error) {
    outcome = { ok: false, reached: (error as Error).message.replace(/\s+/g, ' ').slice(0, 300) }
  }
  return { state: outcome.ok ? 'ok' : 'FAILED', reached: outcome.reached }
}

const rows: string[][] = []
const counts: Record<string, number> = { ok: 0, FAILED: 0, skipped: 0 }
for (const fault of faults) {
  if (words.length > 0 && !words.some(word => fault.name.includes(word))) continue
  const startedMs = performance.now()
  const { state, reached } = await measure(fault)
  const took = `${((performance.now() - startedMs) / 1000).toFixed(0)} s`
  counts[state]++
  rows.push([fault.name, fault.bar, state, reached, took])
  process.stderr.write(`${state.padEnd(8)} ${fault.name}: ${reached} (${took})\n`)
}
process.stdout.write(`swarms average by ${averaging}\n`)
process.stdout.write(`${formatTable([['FAULT', 'BAR', '', 'REACHED', 'TOOK'], ...rows])}\n`)
process.stdout.write(`faults: ${counts.ok} passed, ${counts.FAILED} failed, ${counts.skipped} skipped\n`)
process.exit(counts.FAILED === 0 ? 0 : 1)
