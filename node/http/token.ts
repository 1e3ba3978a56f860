import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @returns undefined when the home folder has none: HTTP has only been served to this device so far */
export function readToken(home: string): string | undefined {
  const path = tokenPath(home)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

/**
 * The token of a home folder that has none yet: 256 random bits, in a file that only its owner may read.
 *
 * @param home - the folder, which exists
 */
export function createToken(home: string): string {
  const token = randomBytes(32).toString('base64url')
  writeFileSync(tokenPath(home), `${token}\n`, { mode: 0o600, flag: 'wx' })
  return token
}

function tokenPath(home: string): string {
  return join(home, 'http-token')
}
