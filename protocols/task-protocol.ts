import type { AbortOptions, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { pipe } from 'it-pipe'
import { ProtocolError } from './errors.js'
import { decodeFrame, fromFrames, nextFrame, readPayload, toFrames } from './framing.js'
import { decodeMember, encodeMember, type MemberRecord } from './member-record.js'
import { ModelHeader, TaskReply } from './messages.js'
import { ModelCopies, type ModelSnapshot } from './model-copies.js'
import { withStream, type Dialer } from './open-stream.js'
import { modelProtocol, taskProtocol } from './protocol-ids.js'
import { toDuplex } from './stream-duplex.js'
import { decodeTask, taskBytes, type Task } from './task.js'

/** At most this many members go into an answer: with their addresses they stay under one frame. */
const maxMembers = 256

/** A peer that has not taken its answer by then is cut off; a model may be large and the link slow. */
const answerTimeoutMs = 10 * 60_000

type Send = (frames: readonly Uint8Array[]) => Promise<void>
type Server = Pick<Libp2p, 'handle' | 'unhandle'>

/** What a newcomer is told. */
export interface TaskOffer {
  readonly task: Task
  readonly taskId: string
  readonly members: readonly MemberRecord[]
}

export interface TaskServerInit {
  readonly task: Task
  readonly layoutHash: string
  readonly members: () => readonly MemberRecord[]
  /** The current model; not changed while it is being sent. */
  readonly snapshot: () => ModelSnapshot
}

/** Tells newcomers the task, and hands them a current model. */
export class TaskServer {
  readonly #libp2p: Server
  readonly #init: TaskServerInit

  constructor(components: { readonly libp2p: Server }, init: TaskServerInit) {
    this.#libp2p = components.libp2p
    this.#init = init
  }

  async start(): Promise<void> {
    const { task, layoutHash, members, snapshot } = this.#init
    const bytes = taskBytes(task)
    const copies = new ModelCopies(layoutHash, snapshot)
    await this.#serve(taskProtocol, send => {
      const told = members()
        .slice(0, maxMembers)
        .map(record => encodeMember(record))
      return send([TaskReply.encode({ task: bytes, members: told })])
    })
    await this.#serve(modelProtocol, send => copies.lend(send))
  }

  async stop(): Promise<void> {
    await this.#libp2p.unhandle([taskProtocol, modelProtocol])
  }

  async #serve(protocol: string, answer: (send: Send) => Promise<void>): Promise<void> {
    const onStream = (stream: Stream): void => {
      const abort = (error: unknown): void => stream.abort(error as Error)
      // Also when the peer does not read, or reads all and never closes its side.
      const limit = AbortSignal.timeout(answerTimeoutMs)
      const onLimit = (): void => abort(limit.reason)
      limit.addEventListener('abort', onLimit)
      stream.addEventListener('close', () => limit.removeEventListener('abort', onLimit))
      answer(frames => pipe(frames, toFrames, toDuplex(stream).sink)).catch(abort)
    }
    await this.#libp2p.handle(protocol, onStream, { maxInboundStreams: 1, runOnLimitedConnection: true })
  }
}

/**
 * Ask a peer what its swarm learns.
 *
 * @throws InvalidTaskError, ProtocolError, UnsupportedVersionError, or whatever dialling throws
 */
export async function fetchTask(libp2p: Dialer, peer: PeerId | Multiaddr[], options: AbortOptions): Promise<TaskOffer> {
  return ask(libp2p, peer, taskProtocol, options, async frames => {
    const reply = decodeFrame(TaskReply, await nextFrame(frames), 'task')
    const { task, id } = decodeTask(reply.task)
    if (reply.members.length > maxMembers) {
      throw new ProtocolError(`peer told of ${reply.members.length} members; at most ${maxMembers} expected`)
    }
    const members = reply.members.flatMap(member => decodeMember(member) ?? [])
    return { task, taskId: id, members }
  })
}

/**
 * Ask a peer for its current model.
 *
 * @param expected - the layout that the task's model has here
 * @param options - `onProgress` is called for every frame that arrives
 * @throws ProtocolError when the model has another layout, or is damaged
 */
export async function fetchModel(
  libp2p: Dialer,
  peer: PeerId | Multiaddr[],
  expected: { readonly layoutHash: string; readonly size: number },
  options: AbortOptions & { readonly onProgress?: () => void }
): Promise<ModelSnapshot> {
  return ask(libp2p, peer, modelProtocol, options, async all => {
    const frames = watched(all, options.onProgress ?? (() => {}))
    const header = decodeFrame(ModelHeader, await nextFrame(frames), 'model header')
    if (header.layoutHash !== expected.layoutHash || header.bytes !== 4 * expected.size) {
      throw new ProtocolError("peer's model is not the one that its task describes")
    }
    const payload = await readPayload(frames, header, 4 * expected.size)
    const parameters = new Float32Array(payload.buffer)
    if (!parameters.every(Number.isFinite)) throw new ProtocolError("peer's model holds numbers that are not finite")
    return { round: header.round, parameters }
  })
}

async function* watched<T>(source: AsyncIterable<T>, onEach: () => void): AsyncGenerator<T> {
  for await (const each of source) {
    onEach()
    yield each
  }
}

function ask<T>(
  libp2p: Dialer,
  peer: PeerId | Multiaddr[],
  protocol: string,
  options: AbortOptions,
  read: (frames: ReturnType<typeof fromFrames>) => Promise<T>
): Promise<T> {
  return withStream(libp2p, peer, protocol, options, async stream => {
    const answer = await read(fromFrames(toDuplex(stream).source))
    // Both sides have said all: this frees the stream.
    stream.abort(new Error('answered'))
    return answer
  })
}
