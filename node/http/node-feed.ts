import type { Task } from '../../protocols/index.js'
import type { Clock } from '../clock.js'
import type { MurmurNode, RoundRecord } from '../node.js'
import type { NodeStatus, PeerStatus } from '../status.js'
import { Feed } from './feed.js'
import { compressionRatio, scoreOf, shortName } from './figures.js'
import { LinkWatch } from './link-watch.js'
import { topologyLinks } from './links.js'
import type { LiveLink, LiveNode, LiveRound, LiveState } from './live.js'

/** More members than this are counted, but not drawn. */
const shownMembers = 255

/** What the page shows of a node: itself, its peers as it knows them, and the links to its neighbours. */
export function feedOf(node: MurmurNode, clock: Clock): Feed {
  const watch = new NodeWatch(node)
  const feed = new Feed(clock, () => watch.look())
  node.on('round', record => {
    for (const text of watch.changes()) feed.note('warning', text)
    feed.addRound(watch.roundEnded(record))
    feed.note('info', describe(record))
  })
  node.on('paused', () => feed.note('info', 'paused; the node goes on answering'))
  node.on('resumed', () => feed.note('info', 'resumed'))
  node.on('finished', () => feed.note('info', 'learning has ended; the node goes on answering'))
  node.on('failed', error => feed.note('warning', error.message))
  return feed
}

class NodeWatch {
  readonly #node: MurmurNode
  readonly #links: LinkWatch
  /** Members that were there once, as they were last seen. */
  readonly #seen = new Map<string, LiveNode>()
  #members: readonly string[] = []
  #sentBefore = 0

  constructor(node: MurmurNode) {
    this.#node = node
    this.#links = new LinkWatch(node)
    this.#sentBefore = node.status().bytes.sent
  }

  look(): Omit<LiveState, 'uptimeSeconds'> {
    const status = this.#node.status()
    const peers = this.#node.peers()
    const { task, rounds } = this.#node
    const shown = peers.slice(0, shownMembers)
    const present = new Set(shown.map(({ peer }) => peer))
    const others = shown.map(peer => ofPeer(peer, status))
    for (const other of others) this.#seen.set(other.peer, other)
    const gone = [...this.#seen.values()].filter(({ peer }) => !present.has(peer))
    return {
      kind: 'node',
      task: { ...status.task, figure: task.schema.label.kind === 'class' ? 'accuracy' : 'r2' },
      model: { parameters: status.model.parameters, backend: status.model.backend },
      state: stateOf(status),
      round: status.round,
      rounds: Number.isFinite(rounds) ? rounds : null,
      self: status.peer,
      join: `murmur join ${reachable(status.addresses)} --data <its data>`,
      nodes: [
        ofSelf(status, scoreOf(status.evaluation)),
        ...others,
        ...gone.map(each => ({ ...each, state: 'gone' as const }))
      ],
      links: [...this.#links.links(status, peers), ...distantLinks(task, status.peer, present)]
    }
  }

  roundEnded(record: RoundRecord): LiveRound {
    const { round, loss, evaluation, averagedWith, neighbourDistance, bytesSent, seconds } = record
    this.#links.roundEnded(record)
    const bytes = bytesSent - this.#sentBefore
    this.#sentBefore = bytesSent
    const score = scoreOf(evaluation)
    return {
      round,
      seconds,
      loss: finite(loss),
      score: score === null ? null : { mean: score, min: score, max: score },
      consensus: neighbourDistance ?? null,
      bytes,
      ratio: compressionRatio(averagedWith.length, this.#node.status().model.parameters, bytes)
    }
  }

  /** @returns who came and who went since it was last asked for */
  changes(): string[] {
    const before = this.#members
    this.#members = this.#node.peers().map(({ peer }) => peer)
    const came = this.#members.filter(peer => !before.includes(peer)).map(peer => `${shortName(peer)} has joined`)
    const went = before.filter(peer => !this.#members.includes(peer)).map(peer => `${shortName(peer)} is gone`)
    return [...came, ...went]
  }
}

function stateOf({ phase, paused }: NodeStatus): LiveState['state'] {
  if (phase === 'idle') return 'starting'
  if (phase === 'finished') return 'finished'
  return paused ? 'paused' : 'learning'
}

/** Every node can work out the topology, but only its own links can it watch. */
function distantLinks({ topology, seed }: Task, self: string, others: ReadonlySet<string>): LiveLink[] {
  return topologyLinks(topology, seed, [self, ...others].sort())
    .filter(({ a, b }) => a !== self && b !== self)
    .map(ends => ({ ...ends, state: 'open', updates: 0 }))
}

function ofSelf(status: NodeStatus, score: number | null): LiveNode {
  return {
    peer: status.peer,
    name: shortName(status.peer),
    state: status.phase === 'idle' ? 'starting' : status.phase,
    round: status.round,
    loss: finite(status.loss),
    score,
    bytesSent: status.bytes.sent,
    bytesReceived: status.bytes.received,
    neighbours: status.neighbours,
    awaited: status.awaited,
    rejected: status.rejected
  }
}

function ofPeer({ peer, state, round, bytes, rejected }: PeerStatus, status: NodeStatus): LiveNode {
  return {
    peer,
    name: shortName(peer),
    state: state === 'exchanging' ? 'learning' : state === 'known' ? 'known' : 'unreachable',
    round,
    loss: null,
    score: null,
    // From where that peer stands: it received what was sent to it.
    bytesSent: bytes.received,
    bytesReceived: bytes.sent,
    neighbours: status.neighbours.includes(peer) ? [status.peer] : [],
    awaited: [],
    rejected
  }
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}

function reachable(addresses: readonly string[]): string {
  return addresses.find(address => !address.startsWith('/ip4/127.')) ?? addresses[0]
}

function describe({ round, loss, averagedWith, missed }: RoundRecord): string {
  const company = averagedWith.length === 0 ? 'alone' : `averaged with ${averagedWith.length}`
  return `round ${round}: loss ${loss.toFixed(3)}, ${company}${missed.length === 0 ? '' : `, ${missed.length} too late`}`
}
