import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeCheckpoint, piecesOf, type Checkpoint } from './checkpoint.js'
import { DamagedCheckpointError, ForeignCheckpointError } from './errors.js'

/** Written and hashed in pieces of this size, so that the event loop is never held for long. */
const pieceBytes = 1024 * 1024
const fileName = /^round-(\d{10})\.checkpoint$/

/** What was found on the disk. */
export interface Found {
  /** The newest that is whole. */
  readonly checkpoint: Checkpoint | undefined
  /** One line a newer file that could not be read. */
  readonly damaged: readonly string[]
}

/**
 * The checkpoints in a folder, the latest two. A file appears under its name only when it is whole and on the disk (write,
 * fsync, rename, fsync of the folder), so whatever instant the process or the device dies at, the last good one is there.
 */
export class CheckpointStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /**
   * @throws ForeignCheckpointError when the newest was written by another version of murmur
   * @throws the file system's error when the folder cannot be read
   */
  async latest(): Promise<Found> {
    const damaged: string[] = []
    for (const name of (await this.#names()).reverse()) {
      try {
        return { checkpoint: decodeCheckpoint(await readFile(join(this.folder, name))), damaged }
      } catch (error) {
        if (error instanceof ForeignCheckpointError) {
          const next = 'Run the version that wrote it, or pass --fresh to begin anew.'
          throw new ForeignCheckpointError(`${join(this.folder, name)}: ${error.message}. ${next}`)
        }
        if (!(error instanceof DamagedCheckpointError)) throw error
        damaged.push(`${name}: ${error.message}`)
      }
    }
    return { checkpoint: undefined, damaged }
  }

  /**
   * Write a checkpoint, then forget all but it and the one before. Not to be called again before it has ended.
   *
   * @param checkpoint - not to be changed meanwhile
   * @throws the file system's error: what was there before is still there
   */
  async write(checkpoint: Checkpoint): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    const name = `round-${String(checkpoint.round).padStart(10, '0')}.checkpoint`
    const path = join(this.folder, name)
    try {
      await writeDurably(`${path}.new`, piecesOf(checkpoint))
      await rename(`${path}.new`, path)
    } catch (error) {
      await rm(`${path}.new`, { force: true }).catch(() => {})
      throw error
    }
    await syncFolder(this.folder)
    await this.#forgetAllBut(name)
  }

  /** Remove all checkpoints. */
  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Names of checkpoints, oldest first. */
  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter(name => fileName.test(name)).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  /** Remove what is older than the one before `newest`, what is newer (it was damaged), and what a crash left half written. */
  async #forgetAllBut(newest: string): Promise<void> {
    const before = (await this.#names()).filter(name => name < newest).at(-1)
    for (const name of await readdir(this.folder)) {
      if (name !== newest && name !== before) await rm(join(this.folder, name), { force: true })
    }
  }
}

/** Write pieces and the SHA-256 of them all, and wait until the disk has them. */
async function writeDurably(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const hash = createHash('sha256')
  const file = await open(path, 'w', 0o600)
  try {
    for (const piece of pieces) {
      for (let start = 0; start < piece.length; start += pieceBytes) {
        const part = piece.subarray(start, start + pieceBytes)
        hash.update(part)
        await file.writeFile(part)
      }
    }
    await file.writeFile(hash.digest())
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
