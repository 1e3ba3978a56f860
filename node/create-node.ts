import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Registry } from 'prom-client'
import type { LoadedData, Schema } from '../data/index.js'
import { initialParameters, modelLayout, Predictor, Trainer, type BackendName } from '../engine/index.js'
import { createRng } from '../learning/rng.js'
import { fetchModel, InvalidTaskError, taskId, type ModelSnapshot, type Task } from '../protocols/index.js'
import { systemClock } from './clock.js'
import { JoinError, ListenError } from './errors.js'
import type { Home } from './home.js'
import type { Host, HostInit } from './host.js'
import type { LearningSettings } from './learning-settings.js'
import { joinSwarm, readAddress, type Joined } from './join.js'
import { createLogger, type Logger } from './logger.js'
import { MurmurNode } from './node.js'
import { loadOwnData } from './own-data.js'
import { buildTask, checkTask } from './settings.js'
import { Traffic } from './traffic.js'

export interface NodeOptions {
  /** A CSV file or a folder of IDX files; or a function that loads rows, given the schema of a task that is joined. */
  readonly data: string | ((schema: Schema | undefined) => LoadedData)
  /** Addresses of peers whose swarm to join. Without any, this node founds one. */
  readonly join?: readonly string[]
  /** @default 30000 */
  readonly joinTimeoutMs?: number
  /** How to learn, when founding a swarm. See `defaultSettings`. */
  readonly settings?: Partial<LearningSettings>
  /** A whole task instead of settings; when joining, the only task that is accepted. */
  readonly task?: Task
  /** Folder that keeps identity and peers. Without it both last as long as the process. */
  readonly home?: string
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
  /** Train with multiply and add in one instruction where processor and Node have it: faster, but the last bits differ by machine. @default false */
  readonly relaxedSimd?: boolean
  /** prom-client's, where libp2p keeps its figures; for one node a process. @default they are not kept */
  readonly registry?: Registry
  /** @default warnings and errors as JSON lines on stderr */
  readonly log?: Logger
  readonly signal?: AbortSignal
}

/** Larger models are refused before anything is allocated for them: 256 MiB of float32. */
const maxParameters = 64 * 1024 * 1024

/**
 * Create a node: identity, data, task, model, worker. It listens when this resolves; `open` lets it answer peers and
 * `start` lets it learn.
 *
 * @throws InvalidDataError, InvalidTaskError, InvalidModelError, ModelMismatchError, UnknownNameError,
 *   InvalidParametersError when data, task or settings are wrong
 * @throws JoinError when nobody could be joined, HomeError and ListenError when folder or port cannot be used
 */
export async function createNode(options: NodeOptions): Promise<MurmurNode> {
  const { join = [], log = createLogger('murmur', 'warn') } = options
  // What is wrong with the user's own files is said before anything is opened.
  const targets = join.map(readAddress)
  const founded = targets.length === 0 ? found(options) : undefined
  const undo: (() => Promise<unknown>)[] = []
  try {
    const home = options.home === undefined ? undefined : await openHome(options.home)
    if (home !== undefined) undo.push(() => home.close())
    const traffic = new Traffic()
    const privateKey = home?.privateKey ?? options.privateKey ?? (await generateKeyPair('Ed25519'))
    // What is founded is known already: its worker starts while the host's many modules load.
    const founding = founded === undefined ? undefined : startTrainer(founded, privateKey, options, log)
    undo.push(async () =>
      founding?.then(
        trainer => trainer.stop(),
        () => {}
      )
    )
    const host = await listenOn(options.listen ?? ['/ip4/0.0.0.0/tcp/0'], {
      privateKey,
      datastore: home?.datastore,
      traffic,
      registry: options.registry
    })
    undo.push(async () => host.stop())

    const joined = founded === undefined ? await joinTask(host, targets, options) : undefined
    const task = (founded ?? joined!).task
    const data = founded?.data ?? read(options.data, task.schema)
    const layout = modelLayout(task.model)
    const trainer = await (founding ?? startTrainer({ task, data }, privateKey, options, log))
    undo.push(() => trainer.stop())
    const predictor = new Predictor({
      topology: task.model,
      training: task.training,
      backend: trainer.backend,
      onWarning: message => log.warn(message)
    })
    const initial = joined === undefined ? foundingModel(task) : await currentModel(host, joined, layout, options)
    const node = new MurmurNode(
      { host, traffic, trainer, predictor, clock: systemClock, log, home },
      {
        task,
        taskId: taskId(task),
        layout,
        data,
        initial,
        rounds: options.rounds ?? Infinity,
        evaluateEvery: options.evaluateEvery ?? 1,
        minRoundMs: options.minRoundMs ?? 0
      }
    )
    if (joined !== undefined) node.introduce(joined.members)
    return node
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/** Begin at once; a failure is told to whoever waits for it, and to nobody else. */
function startTrainer(
  { task, data }: { readonly task: Task; readonly data: LoadedData },
  privateKey: PrivateKey,
  { backend, relaxedSimd }: NodeOptions,
  log: Logger
): Promise<Trainer> {
  const { size } = modelLayout(task.model)
  if (size > maxParameters) {
    throw new InvalidTaskError(`the model has ${size} parameters; at most ${maxParameters} are accepted`)
  }
  const peer = peerIdFromPrivateKey(privateKey).toString()
  const starting = Trainer.create({
    topology: task.model,
    training: task.training,
    data: data.split,
    seed: createRng(task.seed).fork(peer).fork('batches').uint32(),
    backend,
    relaxedSimd,
    onWarning: message => log.warn(message)
  })
  starting.catch(() => {})
  return starting
}

/** A node without a home folder need not load the database that it would be kept in. */
async function openHome(path: string): Promise<Home> {
  const { Home } = await import('./home.js')
  return Home.open(path)
}

function found({ data, task, settings = {} }: NodeOptions): { readonly task: Task; readonly data: LoadedData } {
  if (task === undefined) {
    const loaded = read(data, undefined)
    return { task: buildTask(settings, loaded.schema), data: loaded }
  }
  checkTask(task)
  return { task, data: read(data, task.schema) }
}

function read(data: NodeOptions['data'], schema: Schema | undefined): LoadedData {
  return typeof data === 'string' ? loadOwnData(data, { schema }) : data(schema)
}

async function joinTask(host: Host, targets: readonly Multiaddr[], options: NodeOptions): Promise<Joined> {
  const { joinTimeoutMs: timeoutMs = 30_000, signal, task } = options
  const joined = await joinSwarm(host, targets, { timeoutMs, clock: systemClock, signal })
  if (task !== undefined && taskId(task) !== joined.taskId) {
    const ours = taskId(task).slice(0, 8)
    throw new JoinError(
      `The peer learns task ${joined.taskId.slice(0, 8)}, not ${ours} as given. Leave the task out to learn with it.`,
      []
    )
  }
  try {
    checkTask(joined.task)
  } catch (cause) {
    throw new InvalidTaskError(`the peer's task cannot be learned here: ${(cause as Error).message}`, { cause })
  }
  return joined
}

function foundingModel(task: Task): ModelSnapshot {
  return { round: 0, parameters: initialParameters(task.model, task.seed) }
}

async function currentModel(
  host: Host,
  { peer }: Joined,
  { hash, size }: { readonly hash: string; readonly size: number },
  { joinTimeoutMs = 30_000 }: NodeOptions
): Promise<ModelSnapshot> {
  try {
    return await fetchModel(host, peer, { layoutHash: hash, size }, { signal: AbortSignal.timeout(joinTimeoutMs) })
  } catch (cause) {
    const reason = (cause as Error).message
    throw new JoinError(`${peer.toString()} told its task, but sent no model: ${reason}. Try another peer.`, [])
  }
}

async function listenOn(listen: readonly string[], init: Omit<HostInit, 'listen'>): Promise<Host> {
  const { createHost } = await import('./host.js')
  try {
    return await createHost({ ...init, listen })
  } catch (cause) {
    const error = cause as Error
    if (!/listen|address|EADDR|EACCES/i.test(`${error.name} ${error.message}`)) throw error
    throw new ListenError(`cannot listen on ${listen.join(', ')}: ${describeListenError(error)}`, { cause })
  }
}

function describeListenError({ message }: Error): string {
  if (message.includes('EADDRINUSE')) return 'another program uses that port. Take another one, or 0 for any.'
  if (message.includes('EADDRNOTAVAIL')) return 'this device has no such address. Take 0.0.0.0 for all that it has.'
  if (message.includes('EACCES')) return 'this user may not open that port. Take one above 1023, or 0 for any.'
  return message
}
