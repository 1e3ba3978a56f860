import type { PrivateKey } from '@libp2p/interface'
import type { Registry } from 'prom-client'
import type { LoadedData, Schema } from '../data/index.js'
import { startTrainingThread, type BackendName } from '../engine/index.js'
import type { Task } from '../protocols/index.js'
import type { LearningSettings } from './learning-settings.js'
import type { Logger } from './logger.js'
import type { MurmurNode } from './node.js'

export interface NodeOptions {
  /** A CSV file or a folder of IDX files; or a function that loads rows, given the schema of a task that is joined. */
  readonly data: string | ((schema: Schema | undefined) => LoadedData)
  /** Addresses of peers whose swarm to join. Without any, this node founds one. */
  readonly join?: readonly string[]
  /** @default 30000 */
  readonly joinTimeoutMs?: number
  /** Addresses of peers to find again and again, whether or not they answer now. Those of `join` are among them. */
  readonly bootstrap?: readonly string[]
  /** Find peers on the local network by multicast DNS. @default false */
  readonly mdns?: boolean
  /** File of the key that closes the swarm, see `murmur key`. @default an open swarm */
  readonly swarmKey?: string
  /** Peer ids that may take part, or files with one on each line. @default everybody */
  readonly allow?: readonly string[]
  /** How to learn, when founding a swarm. @default those of a checkpoint in `home`, else `defaultSettings` */
  readonly settings?: Partial<LearningSettings>
  /** A whole task instead of settings; when joining, the only task that is accepted. */
  readonly task?: Task
  /**
   * Folder that keeps identity, peers and checkpoints: a node that starts on it goes on where the last one ended, with the
   * task of the checkpoint unless another is asked for. Without it all of that lasts as long as the process.
   */
  readonly home?: string
  /** Forget the checkpoints in `home`. @default false */
  readonly fresh?: boolean
  /** Identity, when there is no home. @default a new one */
  readonly privateKey?: PrivateKey
  /** Multiaddrs to listen on. @default ['/ip4/0.0.0.0/tcp/0'] */
  readonly listen?: readonly string[]
  /** Stop learning after this round. @default Infinity */
  readonly rounds?: number
  /** Evaluate on the held-out rows every so many rounds. @default 1 */
  readonly evaluateEvery?: number
  /** A round takes at least this long. @default 0 */
  readonly minRoundMs?: number
  /** @default 'auto' */
  readonly backend?: BackendName
  /** Learn the same bits on every machine, though slower; as in `EngineInit`. @default false */
  readonly reproducible?: boolean
  /** prom-client's, where libp2p keeps its figures; for one node a process. @default they are not kept */
  readonly registry?: Registry
  /** @default warnings and errors as JSON lines on stderr */
  readonly log?: Logger
  readonly signal?: AbortSignal
}

/**
 * Create a node: identity, data, task, model, worker. It listens when this resolves; `open` lets it answer peers and
 * `start` lets it learn.
 *
 * @throws InvalidDataError, InvalidTaskError, InvalidModelError, ModelMismatchError, UnknownNameError,
 *   InvalidParametersError when data, task or settings are wrong
 * @throws ForeignCheckpointError when `home` holds a checkpoint of something else
 * @throws JoinError when nobody could be joined, HomeError and ListenError when folder or port cannot be used
 */
export async function createNode(options: NodeOptions): Promise<MurmurNode> {
  // The worker takes as long to start as the many modules of a node take to load: side by side.
  const thread = startTrainingThread()
  try {
    const { assembleNode } = await import('./assemble-node.js')
    return await assembleNode(options, thread)
  } catch (error) {
    await thread.stop()
    throw error
  }
}
