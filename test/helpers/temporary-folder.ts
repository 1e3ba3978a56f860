import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for the files of one test file. */
export interface TemporaryFolder {
  readonly path: string
  /** @returns the path of the file written */
  write(name: string, content: string | Uint8Array): string
}

/** It goes when the process ends, as several suites of one file may share it. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'murmuration-'))
  process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    write(name, content) {
      const file = join(path, name)
      writeFileSync(file, content)
      return file
    }
  }
}
