import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Runs every suite, in two processes side by side: suites that mostly wait for processes of their own, and all others. What the
// first print is shown when the others have ended.

const uvu = join(dirname(createRequire(import.meta.url).resolve('uvu')), '..', 'bin.js')
const folder = fileURLToPath(new URL('.', import.meta.url))
const suites = '\\.test\\.js$'
const waiting = '^integration'

const waited = lane([`${waiting}.*${suites}`], 'pipe')
const others = lane([suites, '--ignore', waiting], 'inherit')
const codes = [await others.ended, await waited.ended]
process.stdout.write(waited.output())
if (codes.some(code => code !== 0)) process.exitCode = 1

interface Lane {
  readonly ended: Promise<number | null>
  /** What it has printed so far, when piped. */
  output(): string
}

function lane(args: readonly string[], stdout: 'pipe' | 'inherit'): Lane {
  const child = spawn(process.execPath, [uvu, folder, ...args], { stdio: ['ignore', stdout, 'inherit'] })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text += part))
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { ended, output: () => text }
}
