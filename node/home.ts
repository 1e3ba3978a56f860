import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadOrCreateSelfKey } from '@libp2p/config'
import type { PrivateKey } from '@libp2p/interface'
import { LevelDatastore } from 'datastore-level'
import { Key } from 'interface-datastore'
import { CheckpointStore } from './checkpoint/index.js'
import { wallClockEpoch } from './clock.js'
import { removeControl, writeControl, type Control } from './control-file.js'
import { HomeError } from './errors.js'

/** The folder in which a device keeps its identity, the peers that it knows and what it has learned. One process at a time. */
export class Home {
  readonly path: string
  readonly datastore: LevelDatastore
  readonly privateKey: PrivateKey
  readonly checkpoints: CheckpointStore

  private constructor(path: string, datastore: LevelDatastore, privateKey: PrivateKey) {
    this.path = path
    this.datastore = datastore
    this.privateKey = privateKey
    this.checkpoints = new CheckpointStore(join(path, 'checkpoints'))
  }

  /**
   * Open or create a home folder, and lock it.
   *
   * @throws HomeError when another node runs on it, or it cannot be written
   */
  static async open(path: string): Promise<Home> {
    const datastore = new LevelDatastore(join(path, 'datastore'))
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      // Not datastore.open(), which does not tell why it failed.
      await datastore.db.open()
    } catch (cause) {
      throw new HomeError(describe(path, cause as Error), { cause })
    }
    return new Home(path, datastore, await loadOrCreateSelfKey(datastore))
  }

  /**
   * A number above all that this gave before, also when the device's clock was set back: what is sent with it cannot be
   * taken for something older.
   */
  async nextEpoch(): Promise<number> {
    const epoch = Math.max(Number((await this.read('epoch')) ?? 0) + 1, wallClockEpoch())
    await this.write('epoch', String(epoch))
    return epoch
  }

  /** Text kept from one start to the next; undefined when there is none. */
  async read(name: string): Promise<string | undefined> {
    const key = new Key(`/murmur/${name}`)
    return (await this.datastore.has(key)) ? Buffer.from(await this.datastore.get(key)).toString() : undefined
  }

  async write(name: string, text: string): Promise<void> {
    await this.datastore.put(new Key(`/murmur/${name}`), Buffer.from(text))
  }

  writeControl(control: Control): void {
    writeControl(this.path, control)
  }

  async close(): Promise<void> {
    removeControl(this.path)
    await this.datastore.close()
  }
}

function describe(path: string, error: Error): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'LEVEL_LOCKED') {
      return `${path} is in use by another murmur node. Stop that one, or pass --home with another folder.`
    }
  }
  return `${path} cannot be used as home folder: ${error.message}. Pass --home with a folder that can be written.`
}
