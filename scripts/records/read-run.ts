import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { NoRunError } from '../errors.js'
import type { SwarmConfig } from '../swarm/config.js'
import type { Summary } from '../swarm/summary.js'
import { linesOf } from './lines-of.js'

/** What of a record must be there to show it; the rest of its config is shown as it is. */
const configSchema = z.looseObject({
  nodes: z.int().min(1),
  dataset: z.string(),
  partition: z.string(),
  settings: z.looseObject({ topology: z.string(), averaging: z.string(), compress: z.string(), seed: z.int() })
})
const summarySchema = z.looseObject({
  id: z.string(),
  nodes: z.int(),
  rounds: z.int(),
  bytes: z.object({ sentPerNode: z.number(), receivedPerNode: z.number() }),
  seconds: z.looseObject({ wall: z.number(), cpu: z.number() }),
  perNode: z.array(z.looseObject({ node: z.int(), peer: z.string(), state: z.string() }))
})
const roundSchema = z.looseObject({
  round: z.int(),
  node: z.int(),
  loss: z.number().nullable(),
  accuracy: z.number().nullish(),
  r2: z.number().nullish(),
  bytesSent: z.number(),
  seconds: z.number()
})

/** A line of `rounds.ndjson`. */
export type RoundLine = z.infer<typeof roundSchema>

/** The record of one run, as `murmur swarm` and `simulate` leave it. */
export interface Run {
  readonly id: string
  readonly folder: string
  readonly config: SwarmConfig
  readonly summary: Summary
}

/**
 * @param name - a run's id in `out`, or the path of its folder; without it the latest run of `out`
 * @throws NoRunError when there is none, or its record cannot be read
 */
export function readRun(out: string, name?: string): Run {
  const folder = findRun(out, name)
  const config = parse(configSchema, folder, 'config.json') as unknown as SwarmConfig
  const summary = parse(summarySchema, folder, 'summary.json') as unknown as Summary
  return { id: basename(folder), folder, config, summary }
}

/** What each node learned in each round. @throws NoRunError when it cannot be read */
export function readRounds({ folder }: Run): RoundLine[] {
  const path = join(folder, 'rounds.ndjson')
  const rounds: RoundLine[] = []
  try {
    for (const line of linesOf(path)) rounds.push(check(roundSchema, line, `${path} line ${rounds.length + 1}`))
  } catch (cause) {
    if (cause instanceof NoRunError) throw cause
    throw new NoRunError(`${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
  return rounds
}

/** All runs in a folder that have ended, oldest first. */
export function listRuns(out: string): Run[] {
  return runFolders(out)
    .filter(id => existsSync(join(out, id, 'summary.json')))
    .map(id => readRun(out, id))
}

function findRun(out: string, name: string | undefined): string {
  const latest = runFolders(out)
    .filter(id => existsSync(join(out, id, 'summary.json')))
    .at(-1)
  if (name === undefined && latest !== undefined) return join(out, latest)
  const folders = name === undefined ? [] : [join(out, name), name]
  const found = folders.find(folder => existsSync(join(folder, 'config.json')))
  if (found !== undefined) return found
  const what = name === undefined ? `no run in ${out}` : `no run "${name}" in ${out}, nor a folder of that name`
  throw new NoRunError(`${what}. \`murmur runs\` lists what there is; \`murmur swarm\` makes one.`)
}

function runFolders(out: string): string[] {
  if (!existsSync(out)) return []
  return readdirSync(out, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(out, entry.name, 'config.json')))
    .map(({ name }) => name)
    .sort()
}

function parse<T>(schema: z.ZodType<T>, folder: string, name: string): T {
  return check(schema, read(folder, name), join(folder, name))
}

function check<T>(schema: z.ZodType<T>, text: string, where: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : []
    const problem = issue === undefined ? (cause as Error).message : `${issue.path.join('.')}: ${issue.message}`
    throw new NoRunError(`${where} cannot be used: ${problem}. Expected what \`murmur swarm\` wrote.`, { cause })
  }
}

function read(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch (cause) {
    const ended = name === 'summary.json' ? ' A run has one once it has ended.' : ''
    throw new NoRunError(`${join(folder, name)} cannot be read: ${(cause as Error).message}.${ended}`, { cause })
  }
}
