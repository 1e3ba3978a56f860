import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseCompressor } from '../../learning/averaging/check-compressor.js'
import { planSwarm, type SwarmPlan } from '../../scripts/swarm/config.js'
import type { FromNode, NodeEnd, NodeRound, ToNode } from '../../scripts/swarm/messages.js'
import { defaultSettings, type LearningSettings } from '../../node/index.js'
import type { LogLevel } from '../../node/logger.js'
import { Changes } from '../helpers/changes.js'
import type { Held } from '../helpers/tell-held.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { within } from '../helpers/within.js'
import { averaging } from './options.js'

const program = fileURLToPath(new URL('../../bundle/node-process.js', import.meta.url))

export interface FaultSwarmInit {
  readonly nodes: number
  /** Rows a node. @default 1000 */
  readonly samples?: number
  readonly settings?: Partial<LearningSettings>
  /** @default Infinity, as far as a test is concerned */
  readonly rounds?: number
  /** @default 1 */
  readonly evaluateEvery?: number
  /** @default 0 */
  readonly minRoundMs?: number
  /** Command that a node's process is started through, and the address that it listens on. @default none, 127.0.0.1 */
  readonly place?: (index: number) => Place
  /** Give each node a home folder. @default false */
  readonly homes?: boolean
  /** A module that each process loads before its program. @default none */
  readonly preload?: string
  /** Added to the environment of each process. @default nothing */
  readonly env?: Readonly<Record<string, string>>
  /** What each process logs. @default warn */
  readonly logLevel?: LogLevel
}

export interface Place {
  readonly through: readonly string[]
  readonly listen: string
}

/** A round of a node, and when it was told. Milliseconds of `performance.now()`. */
export type TimedRound = NodeRound & { readonly atMs: number }

/** What a node logs of its neighbours; other lines have other fields. */
export interface LogLine {
  readonly atMs: number
  readonly msg: string
  readonly peer?: string
  readonly linked?: readonly string[]
  readonly awaited?: readonly string[]
}

/** One real node process. */
export class FaultNode {
  readonly index: number
  readonly child: ChildProcess
  readonly rounds: TimedRound[] = []
  readonly #changes: Changes
  peer = ''
  addresses: readonly string[] = []
  state: 'starting' | 'listening' | 'learning' | 'finished' | 'ended' = 'starting'
  failure: string | undefined
  stderr = ''
  end: NodeEnd | undefined
  #held: Held | undefined

  constructor(index: number, child: ChildProcess, changes: Changes) {
    this.index = index
    this.child = child
    this.#changes = changes
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    child.on('message', message => this.#receive(message as FromNode | Held))
    child.on('close', () => {
      this.state = 'ended'
      changes.notify()
    })
  }

  get round(): number {
    return this.rounds.at(-1)?.round ?? 0
  }

  get accuracy(): number {
    return this.rounds.findLast(({ evaluation }) => evaluation !== undefined)?.evaluation?.accuracy ?? 0
  }

  /** Resident memory now, in bytes. */
  get rss(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
    return Number(status.match(/^VmRSS:\s+(\d+)/m)![1]) * 1024
  }

  /** What it holds now; only when its process has loaded `tell-held`. */
  async held(): Promise<Held> {
    this.#held = undefined
    this.child.kill('SIGUSR2')
    await this.#changes.until(() => this.#held !== undefined, `what node ${this.index} holds`, 120_000)
    return this.#held!
  }

  /** What it logged since `fromMs`, by `performance.now()`. */
  logged(fromMs: number): LogLine[] {
    const lines = this.stderr.split('\n').filter(line => line.startsWith('{'))
    return lines
      .map(line => JSON.parse(line) as LogLine & { readonly time: number })
      .map(line => ({ ...line, atMs: line.time - performance.timeOrigin }))
      .filter(({ atMs }) => atMs >= fromMs)
  }

  tell(message: ToNode): void {
    if (this.child.connected) this.child.send(message, () => {})
  }

  async kill(): Promise<void> {
    const closed = once(this.child, 'close')
    this.child.kill('SIGKILL')
    if (this.state !== 'ended') await closed
  }

  /** Wait until it has ended this many more rounds. */
  async advances(by: number, ms: number): Promise<void> {
    const target = this.rounds.length + by
    await this.#changes.until(
      () => this.rounds.length >= target || this.state === 'ended',
      `node ${this.index} to end ${by} more rounds, at round ${this.round}; ${this.stderr}`,
      ms
    )
    if (this.state === 'ended') throw new Error(`node ${this.index} ended: ${this.failure ?? this.stderr}`)
  }

  #receive(message: FromNode | Held): void {
    switch (message.type) {
      case 'listening':
        this.state = 'listening'
        this.peer = message.peer
        this.addresses = message.addresses
        break
      case 'learning':
      case 'finished':
        this.state = message.type
        break
      case 'round':
        this.rounds.push({ ...message, atMs: performance.now() })
        break
      case 'failed':
        this.failure = message.message
        break
      case 'held':
        this.#held = message
        break
      case 'stopped':
        this.end = message
    }
    this.#changes.notify()
  }
}

/** Real node processes, of which any may be killed, frozen, cut off and started again. */
export class FaultSwarm {
  readonly nodes: FaultNode[] = []
  readonly plan: SwarmPlan
  readonly changes = new Changes()
  readonly #init: FaultSwarmInit
  readonly #folder = temporaryFolder()

  constructor(init: FaultSwarmInit) {
    this.#init = init
    const { nodes, samples = 1000, rounds = 1_000_000, evaluateEvery = 1 } = init
    const settings = { ...defaultSettings, averaging, name: 'mnist', ...init.settings }
    this.plan = planSwarm({
      nodes,
      dataset: 'mnist',
      samples,
      partition: 'iid',
      standardise: 'local',
      missing: 'fail',
      settings: { ...settings, compress: chooseCompressor(settings.averaging, settings) },
      rounds,
      until: undefined,
      evalEvery: evaluateEvery,
      backend: 'plan'
    })
  }

  /** Start `count` of the nodes, introduce them to each other, and let them learn. */
  async start(count = this.#init.nodes): Promise<this> {
    for (let index = 0; index < count; index++) this.nodes[index] = this.#spawn(index)
    await this.#all('listening', 60_000)
    const members = this.nodes.map(({ peer, addresses }) => ({ peer, addresses }))
    for (const node of this.nodes) node.tell({ type: 'bootstrap', members })
    await this.#all('learning', 90_000)
    return this
  }

  /** Start a node, again or for the first time: it learns task and model from any of the others. */
  async add(index: number): Promise<FaultNode> {
    const others = this.running.filter(node => node.index !== index)
    const node = this.#spawn(
      index,
      others.slice(0, 3).map(other => other.addresses[0])
    )
    this.nodes[index] = node
    const listens = (): boolean => node.state !== 'starting'
    await this.changes.until(listens, `node ${index} to listen; ${node.stderr}`, 60_000)
    if (node.state === 'ended') throw new Error(`node ${index} ended: ${node.failure ?? node.stderr}`)
    node.tell({ type: 'bootstrap', members: [{ peer: node.peer, addresses: node.addresses }] })
    await this.changes.until(() => node.state === 'learning', `node ${index} to learn`, 90_000)
    return node
  }

  get running(): FaultNode[] {
    return this.nodes.filter(({ state }) => state !== 'ended')
  }

  homeOf(index: number): string | undefined {
    return this.#init.homes === true ? join(this.#folder.path, `home-${index}`) : undefined
  }

  /** Wait until all nodes that run have ended this many more rounds. */
  async advance(by: number, ms = 60_000, nodes = this.running): Promise<void> {
    await Promise.all(nodes.map(node => node.advances(by, ms)))
  }

  async stop(): Promise<void> {
    const running = this.running
    for (const node of running) node.tell({ type: 'stop' })
    const ended = this.changes.until(() => running.every(({ state }) => state === 'ended'), 'nodes to end', 10_000)
    await ended.catch(async () => Promise.all(running.map(node => node.kill())))
  }

  async kill(): Promise<void> {
    await Promise.all(this.running.map(node => node.kill()))
  }

  #spawn(index: number, join?: readonly string[]): FaultNode {
    const { place, rounds = 1_000_000, evaluateEvery = 1, minRoundMs, preload, env, logLevel } = this.#init
    const { through, listen } = place?.(index) ?? { through: [], listen: '/ip4/127.0.0.1/tcp/0' }
    const loaded = preload === undefined ? [] : ['--import', preload]
    const [command, ...args] = [...through, process.execPath, '--max-semi-space-size=2', ...loaded, program]
    const child = spawn(command, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...env }
    })
    const node = new FaultNode(index, child, this.changes)
    const { task, data, rows, config } = this.plan
    const common = { nodes: config.nodes, task, data, rounds, evaluateEvery, minRoundMs, backend: config.backend }
    const log = logLevel === undefined ? undefined : ({ level: logLevel, format: 'json' } as const)
    node.tell({ type: 'setup', index, rows: rows[index], listen, home: this.homeOf(index), join, log, ...common })
    return node
  }

  async #all(state: FaultNode['state'], ms: number): Promise<void> {
    const reached = (): boolean => this.nodes.every(node => node.state === state || node.state === 'ended')
    await this.changes.until(reached, `all nodes to be ${state}`, ms)
    const lost = this.nodes.find(node => node.state === 'ended')
    if (lost !== undefined) throw new Error(`node ${lost.index} ended: ${lost.failure ?? lost.stderr}`)
  }
}

/** A swarm for the time of `run`; none of its processes outlives it. */
export async function withSwarm<T>(
  init: FaultSwarmInit,
  run: (swarm: FaultSwarm) => Promise<T>,
  first?: number
): Promise<T> {
  const swarm = new FaultSwarm(init)
  try {
    await swarm.start(first)
    return await run(swarm)
  } finally {
    await swarm.kill()
  }
}

/** For the few bars that are about time passing. */
export function pause(ms: number): Promise<void> {
  return within(new Promise(resolve => setTimeout(resolve, ms)), 2 * ms + 1000, 'time to pass')
}
