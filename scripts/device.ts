import { existsSync, rmSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { InvalidArgumentError, type Command, type Option } from 'commander'
import type { BackendName } from '../engine/index.js'
import { HomeError, ListenError } from '../node/errors.js'
import type { MurmurNode, NodeOptions, RoundRecord } from '../node/index.js'
import { createLogger, logLevels, type LogLevel } from '../node/logger.js'
import type { HttpServer } from '../node/http/server.js'
import { exitCodes } from './exit-codes.js'
import { backendOption, choice, group, option, positive, wholeNumber } from './options.js'
import { formatBytes, formatShare, narrate, printResult } from './output.js'

/** Flags of the commands that run a node on this device. */
export interface DeviceFlags {
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
  readonly rounds?: number
  readonly evalEvery: number
  readonly roundInterval: number
  readonly missing: 'fail' | 'drop'
  readonly backend: BackendName
  readonly logLevel: LogLevel
  readonly json?: boolean
}

/** How long a node waits for its neighbours before it begins its first round without them. */
const linkTimeoutMs = 5000
const maxPort = 65_535

export function homeOption(): Option {
  return option('--home <folder>', 'where the node keeps its identity and checkpoints').default(
    join(homedir(), '.murmur'),
    '~/.murmur'
  )
}

export function deviceOptions(): Option[] {
  return [
    ...group('Data:', [
      option(
        '--data <path>',
        'what this device learns from: a CSV file, or a folder of IDX files'
      ).makeOptionMandatory()
    ]),
    ...group('Device:', [
      homeOption(),
      option('--fresh', 'forget what was learned in that folder before'),
      option('--host <address>', 'IPv4 address to listen on').default('0.0.0.0').argParser(ipv4),
      option('--port <n>', 'TCP port to listen on; 0: any')
        .default(4101, '4101, or any when that is taken')
        .argParser(wholeNumber(0, maxPort)),
      option('--http <n>', 'port for predictions and status, on 127.0.0.1; 0: any')
        .default(8080, '8080, or any when that is taken')
        .argParser(wholeNumber(0, maxPort)),
      backendOption()
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
    ...group('Output:', [
      choice('--log-level <level>', 'JSON log lines on stderr', logLevels).default('warn'),
      option('--json', 'print a JSON line a round')
    ])
  ]
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
    await learn(device.node, flags, start.join !== undefined)
  } finally {
    await device.http.close()
    await device.node.stop()
  }
}

async function startDevice(flags: DeviceFlags, command: Command, start: DeviceStart): Promise<Device> {
  // Loading the network takes a while: help and complaints about flags come before it.
  const { createNode } = await import('../node/index.js')
  const { serveHttp } = await import('../node/http/server.js')
  const node = await withPort(flags.port, isDefault(command, 'port'), port =>
    createNode({
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
      log: createLogger('murmur', flags.logLevel)
    })
  )
  try {
    const http = await withPort(flags.http, isDefault(command, 'http'), port => serveHttp(node, port))
    node.announceControl(http.url)
    return { node, http }
  } catch (error) {
    await node.stop()
    throw error
  }
}

/** Resolves at the first Ctrl-C, or when nobody reads the rounds any more. */
function learn(node: MurmurNode, flags: DeviceFlags, joining: boolean): Promise<void> {
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

function introduce({ node, http }: Device, flags: DeviceFlags, isNew: boolean): void {
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
      `http       ${http.url}`,
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

/** A port that was only a default gives way when it is taken. */
async function withPort<T>(port: number, mayGiveWay: boolean, listen: (port: number) => Promise<T>): Promise<T> {
  try {
    return await listen(port)
  } catch (error) {
    if (!(error instanceof ListenError) || !mayGiveWay) throw error
    return listen(0)
  }
}

function isDefault(command: Command, name: keyof DeviceFlags): boolean {
  return command.getOptionValueSource(name) === 'default'
}
