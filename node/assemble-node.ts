import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerInfo, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { Predictor, Trainer, type TrainingThread } from '../engine/index.js'
import { createRng } from '../learning/rng.js'
import { taskId } from '../protocols/index.js'
import { found, join as joinOrResume, resume, resumeAny, type Beginning, type JoinInit } from './beginning.js'
import type { Checkpoint } from './checkpoint/index.js'
import { readAllowList, readSwarmKey } from './access.js'
import { systemClock, wallClockEpoch } from './clock.js'
import { Conduct } from './conduct.js'
import { ListenError } from './errors.js'
import type { Home } from './home.js'
import type { NodeOptions } from './create-node.js'
import type { Host, HostInit } from './host.js'
import { readAddress } from './join.js'
import { logEvents } from './log-events.js'
import { createLogger, type Logger } from './logger.js'
import { MurmurNode } from './node.js'
import { localTraining } from './settings.js'
import { Traffic } from './traffic.js'

/** As `createNode`. @param thread - where it trains; the caller's to stop when this throws */
export async function assembleNode(options: NodeOptions, thread: TrainingThread): Promise<MurmurNode> {
  const { join = [], log = createLogger('murmur', 'warn') } = options
  // What is wrong with the user's own files is said before anything is opened.
  const targets = join.map(readAddress)
  const contacts = [...targets, ...(options.bootstrap ?? []).map(readAddress)]
  const swarmKey = options.swarmKey === undefined ? undefined : readSwarmKey(options.swarmKey)
  const allowed = options.allow === undefined ? undefined : readAllowList(options.allow)
  const asked = options.task !== undefined || options.settings !== undefined || options.home === undefined
  const founded = targets.length === 0 && asked ? found(options) : undefined
  const undo: (() => Promise<unknown>)[] = []
  try {
    const home = options.home === undefined ? undefined : await openHome(options.home)
    if (home !== undefined) undo.push(() => home.close())
    const saved = home === undefined ? undefined : await lastCheckpoint(home, options.fresh === true, log)
    const epoch = home === undefined ? wallClockEpoch() : await home.nextEpoch()
    const traffic = new Traffic()
    const conduct: Conduct = new Conduct(
      { clock: systemClock, log },
      { onBan: peer => void host.hangUp(peerIdFromString(peer)).catch(() => {}) }
    )
    const onFault: JoinInit['onFault'] = (peer, fault, detail) => conduct.record(peer, fault, detail)
    const privateKey = home?.privateKey ?? options.privateKey ?? (await generateKeyPair('Ed25519'))
    const admits = (peer: string): boolean => !conduct.isBanned(peer) && allowed?.has(peer) !== false
    // What does not depend on others is known already: its engine is made while the many modules of libp2p load.
    const own = targets.length > 0 ? undefined : beginAlone(options, founded, saved, home)
    const starting = own === undefined ? undefined : startTrainer(own, thread, privateKey, options, log)
    const host: Host = await listenOn(options.listen ?? ['/ip4/0.0.0.0/tcp/0'], {
      privateKey,
      datastore: home?.datastore,
      traffic,
      registry: options.registry,
      swarmKey,
      mdns: options.mdns,
      admits,
      onFlood: peer => conduct.record(peer, 'flooding', 'streams'),
      onSurplusStream: (peer, protocol) => conduct.record(peer, 'surplus-stream', protocol)
    })
    undo.push(async () => host.stop())
    // The first answers on the local network come while there is no node yet.
    const discovered: PeerInfo[] = []
    const onDiscovery = ({ detail }: CustomEvent<PeerInfo>): unknown => discovered.push(detail)
    host.addEventListener('peer:discovery', onDiscovery)

    const beginning = own ?? (await joinOrResume(host, targets, saved, home, options, { log, onFault }))
    const { task, data, layout, start, members } = beginning
    const trainer = await (starting ?? startTrainer(beginning, thread, privateKey, options, log))
    const predictor = new Predictor({
      topology: task.model,
      training: task.training,
      backend: trainer.backend,
      reproducible: options.reproducible,
      onWarning: message => log.warn(message)
    })
    const node = new MurmurNode(
      { host, traffic, trainer, predictor, clock: systemClock, log, home, conduct },
      {
        task,
        taskId: taskId(task),
        layout,
        data,
        start,
        rounds: options.rounds ?? Infinity,
        evaluateEvery: options.evaluateEvery ?? 1,
        minRoundMs: options.minRoundMs ?? 0,
        contacts,
        discovered,
        admits,
        firstSequence: (BigInt(epoch) << 32n) + 1n
      }
    )
    host.removeEventListener('peer:discovery', onDiscovery)
    logEvents(node, log)
    node.introduce(members)
    return node
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/** Go on from a checkpoint, or begin. */
function beginAlone(
  options: NodeOptions,
  founded: Beginning | undefined,
  saved: Checkpoint | undefined,
  home: Home | undefined
): Beginning {
  if (saved === undefined) return founded ?? found(options)
  return founded === undefined ? resumeAny(options, saved, home!) : resume(founded, saved, home!)
}

/** Start at once; whoever awaits the trainer is told of a failure, and nobody else. */
function startTrainer(
  { task, data, start }: Beginning,
  thread: TrainingThread,
  privateKey: PrivateKey,
  { backend, reproducible }: NodeOptions,
  log: Logger
): Promise<Trainer> {
  const peer = peerIdFromPrivateKey(privateKey).toString()
  const starting = Trainer.create({
    thread,
    topology: task.model,
    training: localTraining(task),
    data: data.split,
    statistics: start.statistics,
    seed: createRng(task.seed).fork(peer).fork('batches').uint32(),
    backend,
    reproducible,
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

/** The newest checkpoint that is whole; one that is not costs a line. */
async function lastCheckpoint({ checkpoints }: Home, fresh: boolean, log: Logger): Promise<Checkpoint | undefined> {
  if (fresh) await checkpoints.clear()
  const { checkpoint, damaged } = await checkpoints.latest()
  const instead = checkpoint === undefined ? 'beginning anew' : `going on from round ${checkpoint.round}`
  for (const found of damaged) log.warn(`a checkpoint is damaged; ${instead}`, { found })
  return checkpoint
}

async function listenOn(listen: readonly string[], init: Omit<HostInit, 'listen'>): Promise<Host> {
  try {
    // Hundreds of modules, which no command needs whose flags are wrong.
    const { createHost } = await import('./host.js')
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
