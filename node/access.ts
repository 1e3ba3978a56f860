import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { peerIdFromString } from '@libp2p/peer-id'
import { InvalidKeyError } from './errors.js'

/** Length of a swarm key file: two lines of header and 64 hexadecimal digits. */
const keyBytes = 95
const keyForm = /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\s*$/

/**
 * Write a new key that closes a swarm, readable by this user alone.
 *
 * @throws InvalidKeyError when there is a file already, or it cannot be written
 */
export async function writeSwarmKey(path: string): Promise<void> {
  const { generateKey } = await import('@libp2p/pnet') // which no node of an open swarm needs
  const key = new Uint8Array(keyBytes)
  generateKey(key)
  try {
    writeFileSync(path, key, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw new InvalidKeyError(
      `${path} cannot be written: ${(cause as Error).message}. Name a file that is not there.`,
      {
        cause
      }
    )
  }
}

/** @throws InvalidKeyError when the file cannot be read, or holds no key */
export function readSwarmKey(path: string): Uint8Array {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new InvalidKeyError(`the swarm key ${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
  if (!keyForm.test(text)) {
    throw new InvalidKeyError(
      `${path} holds no swarm key. \`murmur key ${path}.new\` writes one; copy it to every device.`
    )
  }
  return new TextEncoder().encode(text.trim())
}

/**
 * Peers that may take part.
 *
 * @param entries - peer ids, or files with one on each line
 * @throws InvalidKeyError naming what is neither
 */
export function readAllowList(entries: readonly string[]): ReadonlySet<string> {
  const ids = entries.flatMap(entry => (existsSync(entry) ? readFileSync(entry, 'utf8').split(/\s+/) : [entry]))
  const allowed = ids.filter(id => id !== '')
  for (const id of allowed) {
    try {
      peerIdFromString(id)
    } catch (cause) {
      throw new InvalidKeyError(`"${id.slice(0, 80)}" is no peer id, and no file; expected 12D3Koo….`, { cause })
    }
  }
  return new Set(allowed)
}
