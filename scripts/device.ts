import { existsSync, rmSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError, type Command, type Option } from 'commander'
import type { BackendName } from '../engine/index.js'
import { systemClock } from '../node/clock.js'
import { HomeError } from '../node/errors.js'
import type { MurmurNode, NodeOptions, RoundRecord } from '../node/index.js'
import { createLogger } from '../node/logger.js'
import { isLoopback } from '../node/http/guard.js'
import { createToken, readToken } from '../node/http/token.js'
import type { HttpServer } from '../node/http/server.js'
import { exitCodes } from './exit-codes.js'
import { energyProfileNames, type energyProfiles } from '../learning/energy.js'
import {
  backendOption,
  choice,
  group,
  logOptions,
  maxPort,
  option,
  positive,
  reproducibleOption,
  repeated,
  wholeNumber,
  type LogFlags
} from './options.js'
import { formatBytes, formatShare, narrate, printResult } from './output.js'
import { withPort } from './with-port.js'

/** Flags of the commands that run a node on this device. */
export interface DeviceFlags extends LogFlags {
  readonly data: string
  readonly home: string
  readonly fresh?: boolean
  readonly bootstrap?: readonly string[]
  readonly mdns?: boolean
  readonly swarmKey?: string
  readonly allow?: readonly string[]
  readonly host: string
  readonly port: number
  readonly http: number
  readonly httpHost: string
  readonly corsOrigin: readonly string[]
  readonly energy: keyof typeof energyProfiles
  readonly rounds?: number
  readonly evalEvery: number
  readonly roundInterval: number
  readonly missing: 'fail' | 'drop'
  readonly backend: BackendName
  readonly reproducible?: boolean
  readonly json?: boolean
}

/** How long a node waits for its neighbours before it begins its first round without them. */
const linkTimeoutMs = 5000

export function homeOption(): Option {
  return option('--home <folder>', 'where the node keeps its identity and checkpoints').default(
    join(homedir(), '.murmur'),
    '~/.murmur'
  )
}

export function deviceOptions(): Option[] {
  return [
    ...group('Data:', [
      option('--data <path>', 'what this device learns from: a CSV file, or a folder of IDX files (required)')
    ]),
    ...group('Device:', [
      homeOption(),
      option('--fresh', 'forget what was learned in that folder before'),
      option('--host <address>', 'IPv4 address to listen on').default('0.0.0.0').argParser(ipv4),
      option('--port <n>', 'TCP port to listen on; 0: any')
        .default(4101, '4101, or any when that is taken')
        .argParser(wholeNumber(0, maxPort)),
      backendOption(),
      reproducibleOption()
    ]),
    ...group('HTTP:', [
      option('--http <n>', 'port for predictions, status and metrics; 0: any')
        .default(8080, '8080, or any when that is taken')
        .argParser(wholeNumber(0, maxPort)),
      option('--http-host <address>', 'IPv4 address to serve on; others than this device need a token')
        .default('127.0.0.1')
        .argParser(ipv4),
      option('--cors-origin <origin>', 'a page of this origin may ask for predictions; can be repeated')
        .default([], 'none')
        .argParser(repeated(origin)),
      choice('--energy <radio>', 'what the joules in /metrics are reckoned with', energyProfileNames).default('wifi')
    ]),
    ...group('Peers:', [
      option('--bootstrap <multiaddr...>', 'where to look for others, again and again'),
      option('--mdns', 'find others on the local network'),
      option('--swarm-key <file>', 'only devices with the same key take part; `murmur key` writes one'),
      option('--allow <peer...>', 'only these peers take part: peer ids, or files with one on each line')
    ]),
    ...group('Rounds:', [
      option('--rounds <n>', 'stop learning after this round (default: never)').argParser(wholeNumber(1)),
      option('--eval-every <n>', 'evaluate every so many rounds').default(1).argParser(wholeNumber(1)),
      option('--round-interval <seconds>', 'a round takes at least this long').default(1).argParser(positive)
    ]),
    ...group('Output:', [...logOptions(), option('--json', 'print a JSON line a round')])
  ]
}

function origin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text
  throw new InvalidArgumentError('Expected an origin such as http://localhost:3000, without a path.')
}

function ipv4(text: string): string {
  if (isIPv4(text)) return text
  throw new InvalidArgumentError('Expected an IPv4 address of this device, or 0.0.0.0 for all of them.')
}

/** What founds or joins a swarm, beside what every device has. */
export type DeviceStart = Pick<NodeOptions, 'data' | 'task' | 'settings' | 'join' | 'joinTimeoutMs'>

interface Device {
  readonly node: MurmurNode
  readonly http: HttpServer
  /** Made by this start; shown once. */
  readonly newToken: string | undefined
  /** Somebody has asked over HTTP to stop. */
  readonly stopAsked: Promise<void>
}

/** Data may come from a config file, which commander has not seen when it looks for what is missing. */
export function requireData(command: Command): void {
  if (command.getOptionValue('data') === undefined) {
    command.error("error: required option '--data <path>' not specified", { exitCode: exitCodes.usage })
  }
}

/** Run a node until Ctrl-C. */
export async function runDevice(flags: DeviceFlags, command: Command, start: DeviceStart): Promise<void> {
  const isNew = !existsSync(flags.home)
  const device = await startDevice(flags, command, start).catch((error: unknown) => {
    // Nobody has seen this identity yet; unless another node was faster to take the folder.
    if (isNew && !(error instanceof HomeError)) rmSync(flags.home, { recursive: true, force: true })
    throw error
  })
  try {
    introduce(device, flags, isNew)
    await learn(device, flags, start.join !== undefined)
  } finally {
    await device.http.close()
    await device.node.stop()
  }
}

async function startDevice(flags: DeviceFlags, command: Command, start: DeviceStart): Promise<Device> {
  // Loading the network takes a while: help and complaints about flags come before it.
  const { createNode } = await import('../node/index.js')
  const { serveHttp } = await import('../node/http/server.js')
  const { feedOf } = await import('../node/http/node-feed.js')
  const { NodeMetrics } = await import('../node/metrics.js')
  const { Registry } = await import('prom-client')
  const registry = new Registry()
  const log = createLogger('murmur', flags.logLevel, flags.logFormat)
  const node = await withPort(flags.port, isDefault(command, 'port'), port => {
    // libp2p leaves its figures there when the port is taken.
    registry.clear()
    return createNode({
      ...start,
      home: flags.home,
      fresh: flags.fresh,
      bootstrap: flags.bootstrap,
      mdns: flags.mdns,
      swarmKey: flags.swarmKey,
      allow: flags.allow,
      listen: [`/ip4/${flags.host}/tcp/${port}`],
      rounds: flags.rounds,
      evaluateEvery: flags.evalEvery,
      minRoundMs: 1000 * flags.roundInterval,
      backend: flags.backend,
      reproducible: flags.reproducible,
      registry,
      log
    })
  })
  try {
    const known = readToken(flags.home)
    const newToken = known === undefined && !isLoopback(flags.httpHost) ? createToken(flags.home) : undefined
    let onStop = (): void => {}
    const stopAsked = new Promise<void>(resolve => (onStop = resolve))
    const metrics = new NodeMetrics(node, { registry, energy: flags.energy })
    const { httpHost: host, corsOrigin: corsOrigins } = flags
    const feed = feedOf(node, systemClock)
    const options = { host, corsOrigins, token: known ?? newToken, metrics, feed, onStop, log }
    const http = await withPort(flags.http, isDefault(command, 'http'), port => serveHttp(node, { ...options, port }))
    node.announceControl(http.url)
    return { node, http, newToken, stopAsked }
  } catch (error) {
    await node.stop()
    throw error
  }
}

/** Resolves at the first Ctrl-C, when somebody asked over HTTP, or when nobody reads the rounds any more. */
function learn({ node, stopAsked }: Device, flags: DeviceFlags, joining: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let interrupts = 0
    const onSignal = (): void => {
      interrupts++
      if (interrupts > 1) process.exit(exitCodes.forced)
      narrate('\nstopping; press Ctrl-C again to stop at once')
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    process.stdout.once('error', () => resolve())
    void stopAsked.then(resolve)
    node.on('round', record => {
      if (flags.json === true) printResult(JSON.stringify({ ...record, averagedWith: record.averagedWith.length }))
      else printResult(describeRound(record, node.task.schema.label.kind))
    })
    node.on('finished', () => {
      narrate(`learned ${flags.rounds} rounds; still answering peers and predictions. Ctrl-C stops.`)
    })
    node.on('failed', reject)
    node
      .open()
      .then(async () => {
        if (joining) await node.linked(2, linkTimeoutMs)
        node.start()
      })
      .catch(reject)
  })
}

function introduce({ node, http, newToken }: Device, flags: DeviceFlags, isNew: boolean): void {
  const { model, data, round } = node.status()
  const { schema } = node.task
  const outputs = schema.label.kind === 'class' ? String(schema.label.classes.length) : 'a number'
  const rows = data.trainRows + data.testRows
  const inputs = schema.inputShape.join(' x ')
  const addresses = node.addresses
  narrate(
    [
      `node       ${node.peerId}  (${isNew ? 'new' : 'known'} identity in ${flags.home})`,
      `data       ${flags.data}  ${rows} rows, ${inputs} → ${outputs}, ${data.testRows} held out`,
      `model      ${model.parameters} parameters, layout ${model.layoutHash.slice(0, 8)}, backend ${model.backend}`,
      ...(round > 0 ? [`resuming   after round ${round}`] : []),
      ...addresses.map((address, i) => `${i === 0 ? 'listening ' : '          '} ${address}`),
      `dashboard  ${http.url}`,
      ...(newToken === undefined ? [] : [`token      ${newToken}  (kept in ${flags.home}; shown only now)`]),
      'Another device joins with:',
      `  murmur join ${reachable(addresses)} --data <its data>`
    ].join('\n')
  )
}

/** Others cannot come in over the loopback address, if there is any other. */
function reachable(addresses: readonly string[]): string {
  return addresses.find(address => !address.startsWith('/ip4/127.')) ?? addresses[0]
}

function describeRound(record: RoundRecord, label: 'class' | 'number'): string {
  const { round, loss, evaluation, averagedWith, missed, neighbourDistance, bytesSent, bytesReceived } = record
  const parts = [`round ${round}`, `loss ${loss.toFixed(3)}`]
  if (evaluation !== undefined) {
    parts.push(
      label === 'class' ? `acc ${formatShare(evaluation.accuracy ?? 0)}` : `r2 ${(evaluation.r2 ?? NaN).toFixed(3)}`
    )
  }
  parts.push(`peers ${averagedWith.length}`)
  if (missed.length > 0) parts.push(`missed ${missed.length}`)
  if (averagedWith.length > 0) parts.push(`↑ ${formatBytes(bytesSent)} ↓ ${formatBytes(bytesReceived)}`)
  if (neighbourDistance !== undefined) parts.push(`consensus ${neighbourDistance.toFixed(2)}`)
  return parts.join('  ')
}

function isDefault(command: Command, name: keyof DeviceFlags): boolean {
  return command.getOptionValueSource(name) === 'default'
}
