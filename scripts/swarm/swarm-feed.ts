import type { Clock } from '../../node/clock.js'
import { Feed } from '../../node/http/feed.js'
import { compressionRatio, scoreOf } from '../../node/http/figures.js'
import type { LiveLink, LiveNode, LiveRound, LiveState, NodeState } from '../../node/http/live.js'
import { taskId } from '../../protocols/index.js'
import type { SwarmPlan } from './config.js'
import type { SwarmRun, SwarmView, WatchedNode } from './run-swarm.js'
import type { SwarmRound } from './scoreboard.js'

/** What the page shows of a swarm; a view of the run that feeds it. */
export class SwarmFeed implements SwarmView {
  readonly feed: Feed
  readonly #plan: SwarmPlan
  readonly #id: string
  #run: SwarmRun | undefined
  #last: SwarmRound | undefined
  /** Updates averaged so far, all nodes together. */
  #updates = 0

  constructor(plan: SwarmPlan, clock: Clock) {
    this.#plan = plan
    this.#id = taskId(plan.task)
    this.feed = new Feed(clock, () => this.#look())
  }

  /** Say which run this is of, before anybody looks. */
  follow(run: SwarmRun): void {
    this.#run = run
  }

  started(peers: readonly string[]): void {
    this.feed.note('info', `${peers.length} nodes are up`)
  }

  roundEnded(round: SwarmRound): void {
    this.feed.addRound(this.#pointOf(round))
    this.#last = round
    this.feed.note('info', `round ${round.round}: loss ${round.loss.toFixed(3)}`)
  }

  nodeAdvanced(): void {}

  note(text: string): void {
    this.feed.note(/unexpectedly|✖/.test(text) ? 'warning' : 'info', text)
  }

  stopped(): void {}

  #look(): Omit<LiveState, 'uptimeSeconds'> {
    const { task, config } = this.#plan
    const nodes = this.#run?.nodes ?? []
    const statuses = nodes.flatMap(({ status }) => status ?? [])
    return {
      kind: 'swarm',
      task: { id: this.#id, name: task.name, figure: task.schema.label.kind === 'class' ? 'accuracy' : 'r2' },
      model: { parameters: statuses.at(0)?.model.parameters ?? 0, backend: statuses.at(0)?.model.backend ?? '' },
      state: this.#run?.paused === true ? 'paused' : stateOf(nodes),
      round: this.#last?.round ?? 0,
      rounds: config.rounds,
      self: null,
      join: null,
      nodes: nodes.map(liveNode).filter(({ peer }) => peer !== ''),
      links: mergedLinks(nodes)
    }
  }

  #pointOf(round: SwarmRound): LiveRound {
    const { loss, accuracy, r2, consensusDistance, bytesSentPerNode, seconds } = round
    const bytes = bytesSentPerNode - (this.#last?.bytesSentPerNode ?? 0)
    const nodes = this.#run?.nodes ?? []
    const updates = mergedLinks(nodes).reduce((sum, link) => sum + link.updates, 0)
    const passed = (updates - this.#updates) / Math.max(1, nodes.length)
    this.#updates = updates
    const parameters = nodes.find(({ status }) => status !== undefined)?.status?.model.parameters ?? 0
    return {
      round: round.round,
      seconds,
      loss: Number.isFinite(loss) ? loss : null,
      score: accuracy ?? r2 ?? null,
      consensus: consensusDistance,
      bytes,
      ratio: compressionRatio(passed, parameters, bytes)
    }
  }
}

function stateOf(nodes: readonly WatchedNode[]): LiveState['state'] {
  const present = nodes.filter(({ state }) => state !== 'lost')
  if (present.every(({ state }) => state === 'finished')) return 'finished'
  return present.some(({ state }) => state === 'learning' || state === 'finished') ? 'learning' : 'starting'
}

const nodeStates: Readonly<Record<WatchedNode['state'], NodeState>> = {
  starting: 'starting',
  listening: 'starting',
  learning: 'learning',
  finished: 'finished',
  lost: 'gone'
}

function liveNode({ peer, state, status, links }: WatchedNode, index: number): LiveNode {
  return {
    peer,
    name: String(index),
    state: state === 'learning' && status?.phase === 'paused' ? 'paused' : nodeStates[state],
    round: status?.round ?? 0,
    loss: status?.loss ?? null,
    score: scoreOf(status?.evaluation),
    bytesSent: status?.bytes.sent ?? 0,
    bytesReceived: status?.bytes.received ?? 0,
    neighbours: links.map(({ a, b }) => (a === peer ? b : a)),
    awaited: status?.awaited ?? [],
    rejected: status?.rejected ?? {}
  }
}

const byTrouble: readonly LiveLink['state'][] = ['open', 'late', 'refusing', 'down']

/** Each link is told by both of its ends: the worse word counts. */
function mergedLinks(nodes: readonly WatchedNode[]): LiveLink[] {
  const lost = new Set(nodes.flatMap(({ peer, state }) => (state === 'lost' ? peer : [])))
  const merged = new Map<string, LiveLink>()
  for (const link of nodes.flatMap(({ links }) => links)) {
    const key = `${link.a} ${link.b}`
    const other = merged.get(key)
    const known = lost.has(link.a) || lost.has(link.b) ? 'down' : link.state
    const state = other !== undefined && byTrouble.indexOf(other.state) > byTrouble.indexOf(known) ? other.state : known
    merged.set(key, { ...link, state, updates: link.updates + (other?.updates ?? 0) })
  }
  return [...merged.values()]
}
