import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const controlSchema = z.object({ pid: z.int(), url: z.string() })

/** How commands on this machine reach a running node. */
export type Control = z.infer<typeof controlSchema>

/** @returns undefined when no node runs on this home folder, as far as the folder tells */
export function readControl(path: string): Control | undefined {
  try {
    return controlSchema.parse(JSON.parse(readFileSync(controlPath(path), 'utf8')))
  } catch {
    return undefined
  }
}

/** @param home - the folder, which exists */
export function writeControl(home: string, control: Control): void {
  const path = controlPath(home)
  writeFileSync(`${path}.new`, JSON.stringify(control), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function removeControl(home: string): void {
  rmSync(controlPath(home), { force: true })
}

function controlPath(home: string): string {
  return join(home, 'control.json')
}
