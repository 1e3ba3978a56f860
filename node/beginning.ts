import { existsSync } from 'node:fs'
import type { Multiaddr } from '@multiformats/multiaddr'
import { InvalidDataError, type LoadedData } from '../data/index.js'
import { initialParameters, modelLayout, statisticsSize } from '../engine/index.js'
import type { Layout } from '../learning/parameters.js'
import { InvalidTaskError, taskId, type Fault, type MemberRecord, type Task } from '../protocols/index.js'
import { ForeignCheckpointError, type Checkpoint } from './checkpoint/index.js'
import { systemClock } from './clock.js'
import type { NodeOptions } from './create-node.js'
import { JoinError } from './errors.js'
import { fetchCurrentModel, type ModelSource } from './fetch-current-model.js'
import type { Home } from './home.js'
import type { Host } from './host.js'
import { joinSwarm, type Joined } from './join.js'
import type { Logger } from './logger.js'
import { loadOwnData } from './own-data.js'
import { buildTask, checkTask } from './settings.js'
import type { ModelOrigin } from './status.js'

/** What a node learns, from which rows, and from where it goes on. */
export interface Beginning {
  readonly task: Task
  readonly data: LoadedData
  readonly layout: Layout
  /** Who else learns it, as far as it is known. */
  readonly members: readonly MemberRecord[]
  readonly start: Start
}

/**
 * Where learning goes on. Without states of optimiser, round memory and strategy these begin anew, without statistics as a new
 * model does.
 */
export interface Start extends Pick<Checkpoint, 'round' | 'stepsTaken' | 'parameters'> {
  /** Where the parameters are from. */
  readonly origin: ModelOrigin
  readonly statistics?: Float32Array
  readonly optimizerState?: Float32Array
  readonly roundMemory?: Float32Array
  readonly strategyState?: Uint8Array
}

export interface JoinInit {
  readonly log: Logger
  /** A peer that was asked for its model broke the protocol. */
  readonly onFault: (peer: string, fault: Fault, detail: string) => void
}

/** Larger models are refused before anything is allocated for them: 256 MiB of float32. */
const maxParameters = 64 * 1024 * 1024
/** Who has a checkpoint need not wait long for others before it goes on alone. */
const rejoinTimeoutMs = 5000
/** Peers that are asked for a model, one after another. */
const maxSources = 5

/** Found a swarm: from its settings and data alone. */
export function found({ data, task, settings = {} }: NodeOptions): Beginning {
  if (task !== undefined) checkTask(task)
  const loaded = read(data, task)
  const founded = task ?? buildTask(settings, loaded.schema)
  const layout = layoutOf(founded)
  const parameters = initialParameters(founded.model, founded.seed)
  const start: Start = { origin: 'initial', round: 0, stepsTaken: 0, parameters }
  return { task: founded, data: loaded, layout, members: [], start }
}

/**
 * Go on with what was learned before, when it is the same task.
 *
 * @throws ForeignCheckpointError when it is not
 */
export function resume(founded: Beginning, saved: Checkpoint, home: Home): Beginning {
  checkSameTask(saved, founded.task, 'the data and settings given make', home)
  return { ...founded, start: startOf(saved) }
}

/**
 * Go on with what was learned before, whatever it is.
 *
 * @throws ForeignCheckpointError when the data do not fit it
 */
export function resumeAny({ data }: NodeOptions, saved: Checkpoint, home: Home): Beginning {
  checkTask(saved.task)
  const layout = layoutOf(saved.task)
  try {
    return { task: saved.task, data: read(data, saved.task), layout, members: [], start: startOf(saved) }
  } catch (cause) {
    // A path that leads nowhere says nothing of the checkpoint.
    if (!(cause instanceof InvalidDataError) || !existsSync(cause.file)) throw cause
    const found = `${home.path} holds a checkpoint of task ${nameOf(saved.task)}, which these data do not fit`
    throw new ForeignCheckpointError(`${found}: ${cause.message} ${otherFolder}`, { cause })
  }
}

/**
 * Learn with a swarm. Who was here before goes on from its own checkpoint, unless the swarm has come further; when nobody
 * answers it goes on alone, for the others may come back.
 *
 * @throws JoinError when nobody answered and there is no checkpoint, or the swarm cannot be joined
 * @throws ForeignCheckpointError when the swarm learns something else
 */
export async function join(
  host: Host,
  targets: readonly Multiaddr[],
  saved: Checkpoint | undefined,
  home: Home | undefined,
  options: NodeOptions,
  { log, onFault }: JoinInit
): Promise<Beginning> {
  let joined: Joined
  try {
    joined = await joinTask(host, targets, saved !== undefined, options)
  } catch (error) {
    if (saved === undefined || !(error instanceof JoinError) || error.attempts.length === 0) throw error
    log.warn('nobody answered; going on alone from the checkpoint, until somebody does', { round: saved.round })
    return resumeAny(options, saved, home!)
  }
  if (saved !== undefined) checkSameTask(saved, joined.task, 'the swarm learns', home!)
  const layout = layoutOf(joined.task)
  const data = read(options.data, joined.task)
  const start = await currentModel(host, joined, layout, saved, options, { log, onFault })
  return { task: joined.task, data, layout, members: joined.members, start }
}

function layoutOf(task: Task): Layout {
  const layout = modelLayout(task.model)
  if (layout.size <= maxParameters) return layout
  throw new InvalidTaskError(`the model has ${layout.size} parameters; at most ${maxParameters} are accepted`)
}

function read(data: NodeOptions['data'], task: Task | undefined): LoadedData {
  const schema = task?.schema
  return typeof data === 'string' ? loadOwnData(data, { schema }) : data(schema)
}

const otherFolder = 'Pass --home with another folder, or --fresh to forget that checkpoint.'

function checkSameTask(saved: Checkpoint, task: Task, who: string, home: Home): void {
  if (taskId(saved.task) === taskId(task)) return
  const found = `${home.path} holds a checkpoint of task ${nameOf(saved.task)}, round ${saved.round}`
  throw new ForeignCheckpointError(`${found}, but ${who} task ${nameOf(task)}. ${otherFolder}`)
}

function nameOf(task: Task): string {
  return `${taskId(task).slice(0, 8)} ("${task.name}")`
}

function startOf(saved: Checkpoint): Start {
  const { task, round, stepsTaken, parameters, statistics, ...states } = saved
  const sizes = [
    ['parameters', parameters.length, modelLayout(task.model).size],
    ['statistics', statistics.length, statisticsSize(task.model)]
  ] as const
  for (const [what, held, size] of sizes) {
    if (held === size) continue
    throw new ForeignCheckpointError(
      `the checkpoint holds ${held} ${what}, and its task's model has ${size}. ${otherFolder}`
    )
  }
  const { optimizerState, roundMemory, strategyState } = states
  return {
    ...{ origin: 'checkpoint', round, stepsTaken, parameters, statistics },
    ...{ optimizerState, roundMemory, strategyState }
  }
}

async function joinTask(
  host: Host,
  targets: readonly Multiaddr[],
  returning: boolean,
  { joinTimeoutMs = 30_000, signal, task }: NodeOptions
): Promise<Joined> {
  const timeoutMs = returning ? Math.min(rejoinTimeoutMs, joinTimeoutMs) : joinTimeoutMs
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

/** Our own model, unless the peer's is further. Optimiser and strategy go on from their own state in both cases. */
async function currentModel(
  host: Host,
  { peer, members }: Joined,
  { hash, size }: Layout,
  saved: Checkpoint | undefined,
  { signal }: NodeOptions,
  { log, onFault }: JoinInit
): Promise<Start> {
  const theirRound = members.find(member => member.peer === peer.toString())?.round ?? 0
  const own = saved === undefined ? undefined : startOf(saved)
  if (own !== undefined && own.round >= theirRound) return own
  const others = members
    .filter(member => member.peer !== peer.toString() && member.peer !== host.peerId.toString())
    .sort((a, b) => b.round - a.round)
    .map(({ peer, addresses }): ModelSource => ({ peer, at: [...addresses] }))
  const sources = [{ peer: peer.toString(), at: peer }, ...others].slice(0, maxSources)
  const expected = { layoutHash: hash, size }
  const { model, failures } = await fetchCurrentModel(host, sources, expected, {
    clock: systemClock,
    signal,
    onFault
  })
  if (model === undefined) {
    throw new JoinError(
      `The swarm told its task, but nobody sent a model: ${failures.join('; ')}. Try another peer.`,
      []
    )
  }
  if (failures.length > 0) log.warn('the model did not come at the first attempt', { failures })
  return { stepsTaken: 0, ...own, ...model, origin: 'received' }
}
