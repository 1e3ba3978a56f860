import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for the files of one test file. */
export interface TemporaryFolder {
  readonly path: string
  /** @returns the path of the file written */
  write(name: string, content: string | Uint8Array): string
}

const paths: string[] = []
process.once('exit', () => {
  for (const path of paths) rmSync(path, { recursive: true, force: true })
})

/** It goes when the process ends, as several suites of one file may share it. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'murmuration-'))
  paths.push(path)
  return {
    path,
    write(name, content) {
      const file = join(path, name)
      writeFileSync(file, content)
      return file
    }
  }
}
