import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { readSwarmKey } from '../node/access.js'
import { CheckpointStore } from '../node/checkpoint/index.js'
import { readControl } from '../node/control-file.js'
import { loadOwnData } from '../node/own-data.js'
import { taskId } from '../protocols/index.js'

/** One thing that was looked at. */
export interface Finding {
  readonly what: string
  /** What was found; when something is wrong, with the next step. */
  readonly found: string
  /** `unknown`: there was nothing to look at. */
  readonly state: 'ok' | 'wrong' | 'unknown'
}

export interface DoctorInit {
  readonly home: string
  readonly port: number
  readonly data?: string
  readonly swarmKey?: string
  readonly join?: string
}

const oldestNode = [20, 19] as const
/** Two checkpoints and one under way, of a middling model. */
const enoughBytes = 64 * 1024 * 1024
/** Releases of this year or later: a clock before that was never set. */
const earliestYear = 2026
const joinTimeoutMs = 5000

/** Look at all that keeps a node from starting, reaching others or learning. */
export async function examine(init: DoctorInit): Promise<Finding[]> {
  const checks: [string, () => string | undefined | Promise<string | undefined>][] = [
    ['version', checkVersion],
    ['clock', checkClock],
    ['home', () => checkHome(init.home)],
    ['disk', () => checkDisk(init.home)],
    ['checkpoint', () => checkCheckpoint(init.home)],
    ['port', () => checkPort(init.home, init.port)],
    ['key', () => checkKey(init.swarmKey)],
    ['data', () => checkData(init.data)],
    ['reach', () => checkReach(init)]
  ]
  const findings: Finding[] = []
  for (const [what, check] of checks) {
    try {
      const found = await check()
      findings.push(
        found === undefined ? { what, found: 'nothing to look at', state: 'unknown' } : { what, found, state: 'ok' }
      )
    } catch (error) {
      const { message } = error as Error
      const attempts = 'attempts' in (error as object) ? (error as { attempts: string[] }).attempts : []
      findings.push({ what, found: [message, ...attempts].join(' '), state: 'wrong' })
    }
  }
  return findings
}

function checkVersion(): string {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]))
    return `Node ${process.versions.node}`
  throw new Error(`Node ${process.versions.node} is too old. Install Node ${oldestNode.join('.')} or newer.`)
}

function checkClock(): string {
  const now = new Date()
  if (now.getFullYear() >= earliestYear) return now.toISOString()
  throw new Error(`the clock says ${now.toISOString()}. Set it; learning does not need it, logs and certificates do.`)
}

function checkHome(home: string): string {
  const existing = nearestFolder(home)
  try {
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    throw new Error(`${existing} cannot be written by this user. Pass --home with a folder that can.`)
  }
  return existsSync(home) ? home : `${home} (not there yet; it can be made)`
}

function checkDisk(home: string): string {
  const { bavail, bsize } = statfsSync(nearestFolder(home))
  const megabytes = Math.floor((bavail * bsize) / 1e6)
  if (bavail * bsize >= enoughBytes) return `${megabytes} MB free`
  throw new Error(`${megabytes} MB free; checkpoints need some ${Math.ceil(enoughBytes / 1e6)} MB. Make room.`)
}

async function checkCheckpoint(home: string): Promise<string | undefined> {
  const { checkpoint, damaged } = await new CheckpointStore(`${home}/checkpoints`).latest()
  if (damaged.length > 0 && checkpoint === undefined) {
    throw new Error(`none can be read: ${damaged.join('; ')}. Pass --fresh to begin anew, or join a swarm.`)
  }
  if (checkpoint === undefined) return undefined
  return `task ${taskId(checkpoint.task).slice(0, 8)} ("${checkpoint.task.name}"), round ${checkpoint.round}`
}

/** A firewall can only be seen from outside: `--join` from another device tells. */
function checkPort(home: string, port: number): Promise<string> {
  const running = readControl(home)
  if (running !== undefined) return Promise.resolve(`a node runs on ${home} (process ${running.pid}, ${running.url})`)
  const next = `Pass --port with another one, or stop what uses it.`
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`port ${port} cannot be used: ${error.code ?? error.message}. ${next}`))
    })
    server.listen(port, '0.0.0.0', () =>
      server.close(() => resolve(`${port} is free; others need it open in the firewall`))
    )
  })
}

function checkKey(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  readSwarmKey(path)
  return path
}

function checkData(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const { split, schema } = loadOwnData(path, {})
  return `${split.train.rows + split.test.rows} rows, ${schema.inputShape.join(' x ')} inputs`
}

/** Reach a peer as `join` does, with an identity of its own. */
async function checkReach({ join, swarmKey, home }: DoctorInit): Promise<string | undefined> {
  if (join === undefined) return undefined
  const { probe } = await import('../node/probe.js')
  const offer = await probe(join, joinTimeoutMs, swarmKey)
  const { checkpoint } = await new CheckpointStore(`${home}/checkpoints`).latest()
  const found = `task ${offer.taskId.slice(0, 8)} ("${offer.task.name}"), ${offer.members.length} members`
  if (checkpoint !== undefined && taskId(checkpoint.task) !== offer.taskId) {
    throw new Error(
      `${found}, but ${home} holds a checkpoint of another task. Pass --home with another folder, or --fresh.`
    )
  }
  return found
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path))
}
