import { fork, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { LiveLink } from '../../node/http/live.js'
import type { Answer, NodeStatus } from '../../node/index.js'
import type { LogOptions } from '../../node/logger.js'
import { SwarmError } from '../errors.js'
import { exitCodes } from '../exit-codes.js'
import type { ExportedModel } from '../model-files.js'
import type { SwarmPlan } from './config.js'
import type { FromNode, NodeEnd, ToNode } from './messages.js'
import { Questions } from './questions.js'
import { modelFolder, type RunRecord } from './run-record.js'
import { reaches, Scoreboard, type SwarmRound } from './scoreboard.js'
import { summarise, type NodeSummary, type Summary } from './summary.js'

/** Watches a run, to show it. */
export interface SwarmView {
  started(peers: readonly string[]): void
  roundEnded(round: SwarmRound, scores: Scoreboard): void
  nodeAdvanced(scores: Scoreboard): void
  /** Something to tell beside the figures. */
  note(text: string): void
  stopped(): void
}

/** What is known of a node from outside. */
export interface WatchedNode {
  readonly peer: string
  readonly state: 'starting' | 'listening' | 'learning' | 'finished' | 'lost'
  /** Its latest word about itself. */
  readonly status: NodeStatus | undefined
  readonly links: readonly LiveLink[]
}

interface NodeProcess extends WatchedNode {
  readonly child: ChildProcess
  state: WatchedNode['state']
  peer: string
  status: NodeStatus | undefined
  links: readonly LiveLink[]
  addresses: readonly string[]
  end: NodeEnd | undefined
  model: ExportedModel | undefined
}

/** A node that was told to stop and has not after this long is killed. */
const stopTimeoutMs = 10_000

/**
 * Of every node process. Many share a machine, so a small young generation saves 30 MB a node, and threads that collect garbage
 * together only take turns. Updates pass through buffers outside the heap, tens of megabytes a second: unless the heap may
 * grow by more than its half before it is marked as a whole, each few rounds mark all of libp2p's code and data anew.
 */
const memoryFlags = [
  '--max-semi-space-size=2',
  // From the start, and not shrunk while little is allocated: pages given back are faulted in again at the next collection.
  '--min-semi-space-size=2',
  '--single-threaded-gc',
  '--heap-growing-percent=150'
]

/**
 * Of every node process, where the C library is glibc: it keeps the buffers of updates that were freed, some megabytes, for those of
 * the next round. Else it gives each back to the system, and a hundred pages are faulted in for an update of 400 kB.
 */
const memoryEnvironment = { MALLOC_MMAP_THRESHOLD_: `${32 * 2 ** 20}`, MALLOC_TRIM_THRESHOLD_: `${64 * 2 ** 20}` }

export interface SwarmRunOptions {
  /** Leave the nodes answering when they have finished, until `stop`. @default false */
  readonly keep?: boolean
  /** What nodes log; the view is told. @default warnings and errors as JSON lines */
  readonly log?: LogOptions
}

/** How the run ended. */
export interface SwarmOutcome {
  readonly summary: Summary
  readonly exitCode: number
}

/**
 * Runs a swarm: one process a node. This process starts and watches them. It passes no update on, takes part in no
 * averaging, and when it dies the nodes stop.
 */
export class SwarmRun {
  readonly #plan: SwarmPlan
  readonly #record: RunRecord
  readonly #view: SwarmView
  readonly #keep: boolean
  readonly #log: LogOptions | undefined
  readonly #scores: Scoreboard
  readonly #nodes: NodeProcess[] = []
  readonly #questions = new Questions()
  #reached: SwarmRound | undefined
  /** What first went wrong with a node. */
  #failure: SwarmError | undefined
  #stopping = false
  #paused = false

  constructor(plan: SwarmPlan, record: RunRecord, view: SwarmView, { keep = false, log }: SwarmRunOptions = {}) {
    this.#plan = plan
    this.#record = record
    this.#view = view
    this.#keep = keep
    this.#log = log
    this.#scores = new Scoreboard(plan.config.nodes)
  }

  /**
   * @returns when every node process has ended
   * @throws SwarmError when no round was learned because of it
   */
  async run(): Promise<SwarmOutcome> {
    const { config, rows } = this.#plan
    const ended = rows.map((own, index) => this.#startNode(index, own))
    await Promise.all(ended)
    this.#view.stopped()
    if (this.#failure !== undefined && this.#scores.last === undefined) {
      this.#record.abandon()
      throw this.#failure
    }
    const fates = this.#nodes.map(({ peer, state, end }) => ({ peer, lost: state === 'lost', end }))
    const told = summarise(this.#record.id, config, this.#scores, this.#reached, fates)
    const best = bestOf(told.perNode.filter(({ node }) => this.#nodes[node].model !== undefined))
    if (best !== undefined) this.#record.addModel(this.#nodes[best.node].model!)
    const summary = { ...told, model: best && { node: best.node, folder: modelFolder } }
    this.#record.addSummary(summary)
    return { summary, exitCode: this.#exitCode() }
  }

  get nodes(): readonly WatchedNode[] {
    return this.#nodes
  }

  /**
   * Ask the model of one node.
   *
   * @throws HttpError 400 when the examples are at fault, 503 when the node is
   */
  predict(peer: string, examples: readonly unknown[]): Promise<Answer> {
    return this.#questions.ask(this.#nodes.find(node => node.peer === peer)?.child, examples)
  }

  /** No node begins a round until `resume`. */
  pause(): void {
    this.#setPaused(true)
  }

  resume(): void {
    this.#setPaused(false)
  }

  get paused(): boolean {
    return this.#paused
  }

  /** End the run cleanly: every node says goodbye. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    for (const { child } of this.#nodes) {
      tell(child, { type: 'stop' })
      const kill = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      child.once('exit', () => clearTimeout(kill))
    }
  }

  kill(): void {
    for (const { child } of this.#nodes) child.kill('SIGKILL')
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    this.#view.note(paused ? 'paused' : 'resumed')
    for (const { child } of this.#nodes) tell(child, { type: paused ? 'pause' : 'resume' })
  }

  #startNode(index: number, rows: readonly number[]): Promise<void> {
    const { config, task, data } = this.#plan
    const child = fork(new URL('./node-process.js', import.meta.url), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: memoryFlags,
      env: { ...memoryEnvironment, ...process.env }
    })
    const node: NodeProcess = {
      child,
      state: 'starting',
      peer: '',
      addresses: [],
      status: undefined,
      links: [],
      end: undefined,
      model: undefined
    }
    this.#nodes.push(node)
    const name = `node ${index}`
    createInterface({ input: child.stderr! }).on('line', line => {
      this.#view.note(line.includes(name) ? line : `${name}: ${line}`)
    })
    child.on('message', message => this.#receive(index, node, message as FromNode))
    const { nodes, rounds, evalEvery: evaluateEvery, backend, reproducible } = config
    const log = this.#log
    tell(child, { type: 'setup', index, nodes, task, data, rows, rounds, evaluateEvery, backend, reproducible, log })
    return new Promise(resolve => {
      child.on('error', error => {
        this.#failure ??= new SwarmError(`a node process could not be started: ${error.message}`, exitCodes.failure)
        resolve()
      })
      // Not 'exit', which may come before the last messages.
      child.on('close', (code, signal) => {
        this.#exited(index, node, signal ?? String(code))
        resolve()
      })
    })
  }

  #receive(index: number, node: NodeProcess, message: FromNode): void {
    switch (message.type) {
      case 'listening':
        node.state = 'listening'
        node.peer = message.peer
        node.addresses = message.addresses
        return this.#introduceAll()
      case 'learning':
        node.state = 'learning'
        return
      case 'round':
        return this.#roundEnded(index, message)
      case 'status':
        node.status = message.status
        node.links = message.links
        return
      case 'predicted':
      case 'not-predicted':
        return this.#questions.answered(message)
      case 'finished':
        node.state = 'finished'
        return this.#stopWhenFinished()
      case 'failed':
        if (this.#stopping) return
        this.#failure ??= new SwarmError(`node ${index}: ${message.message}`, message.exitCode)
        if (this.#scores.last === undefined) this.stop()
        return
      case 'stopped':
        node.model = message.model
        node.end = message
    }
  }

  /** Once all listen, each is told where the others do; from there on they need nobody. */
  #introduceAll(): void {
    if (this.#nodes.some(({ state }) => state !== 'listening') || this.#nodes.length < this.#plan.config.nodes) return
    const members = this.#nodes.map(({ peer, addresses }) => ({ peer, addresses }))
    this.#view.started(members.map(({ peer }) => peer))
    for (const { child } of this.#nodes) tell(child, { type: 'bootstrap', members })
  }

  #roundEnded(index: number, round: Extract<FromNode, { type: 'round' }>): void {
    if (this.#stopping) return
    this.#record.addRound(index, round)
    const completed = this.#scores.add(index, round)
    this.#view.nodeAdvanced(this.#scores)
    for (const each of completed) this.#swarmRoundEnded(each)
  }

  #swarmRoundEnded(round: SwarmRound): void {
    const { until } = this.#plan.config
    this.#view.roundEnded(round, this.#scores)
    if (until === undefined || this.#reached !== undefined || !reaches(round, until)) return
    this.#reached = round
    this.stop()
  }

  #stopWhenFinished(): void {
    if (!this.#nodes.every(({ state }) => state === 'finished' || state === 'lost')) return
    if (!this.#keep) return this.stop()
    this.#view.note('learning has ended; the nodes go on answering until Ctrl-C')
  }

  #exited(index: number, node: NodeProcess, how: string): void {
    this.#questions.gone(node.child)
    if (this.#stopping) return
    node.state = 'lost'
    this.#view.note(`node ${index} ended unexpectedly (${how}); the others go on`)
    for (const round of this.#scores.lose(index)) this.#swarmRoundEnded(round)
    // Before all were introduced there is no swarm that could go on.
    if (this.#nodes.some(({ state }) => state === 'starting' || state === 'listening')) {
      const message = `node ${index} ended before the swarm was complete (${how})`
      this.#failure ??= new SwarmError(message, exitCodes.failure)
      this.stop()
    }
    this.#stopWhenFinished()
  }

  #exitCode(): number {
    const { until } = this.#plan.config
    if (this.#failure !== undefined) {
      this.#view.note(`✖ ${this.#failure.message}`)
      return this.#failure.exitCode
    }
    return until !== undefined && this.#reached === undefined ? exitCodes.targetMissed : exitCodes.done
  }
}

/** The node with the best model on held-out rows; the first of equals. */
function bestOf(nodes: readonly NodeSummary[]): NodeSummary | undefined {
  const score = ({ accuracy, r2, loss }: NodeSummary): number => accuracy ?? r2 ?? -(loss ?? Infinity)
  const best = Math.max(...nodes.map(score))
  return nodes.find(node => score(node) === best)
}

/** Changes nothing when the process has ended: its end is noticed by itself. */
function tell(child: ChildProcess, message: ToNode): void {
  if (child.connected) child.send(message, () => {})
}
