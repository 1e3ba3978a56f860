// How much of a processor core does the page of 64 nodes take that all update every second?
// node dist/scripts/bench/page.js [seconds] [path of chromium]
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { systemClock } from '../../node/clock.js'
import { Feed } from '../../node/http/feed.js'
import { endsOf, topologyLinks } from '../../node/http/links.js'
import type { LiveState } from '../../node/http/live.js'
import { pageRoutes } from '../../node/http/page.js'
import { openServer } from '../../node/http/server.js'
import { formatShare, formatTable, printResult } from '../output.js'

const nodes = 64
const updatesMs = 1000
const seconds = Number(process.argv[2] ?? 20)
const executablePath = process.argv[3] ?? '/usr/bin/chromium'
const peers = Array.from({ length: nodes }, (_, i) => `peer-${String(i).padStart(3, '0')}`)
/** Nodes are not in step: each has a round of its own. */
const rounds = peers.map(() => 1)

const look = (): Omit<LiveState, 'uptimeSeconds'> => ({
  kind: 'swarm',
  task: { id: 'bench', name: 'bench', figure: 'accuracy' },
  model: { parameters: 100_000, backend: 'plan' },
  state: 'learning',
  round: Math.min(...rounds),
  rounds: null,
  self: null,
  join: null,
  nodes: peers.map((peer, i) => ({
    peer,
    name: String(i),
    state: 'learning',
    round: rounds[i],
    loss: 1 / rounds[i],
    score: 1 - 1 / (2 + rounds[i] + i / nodes),
    bytesSent: 600_000 * rounds[i],
    bytesReceived: 600_000 * rounds[i],
    neighbours: [],
    awaited: [],
    rejected: {}
  })),
  links: topologyLinks('exponential', 1, peers).map(({ a, b }) => ({
    ...endsOf(a, b),
    state: 'open',
    updates: rounds[peers.indexOf(a)] + rounds[peers.indexOf(b)]
  }))
})

const feed = new Feed(systemClock, look)
const server = await openServer({ port: 0 }, async fastify => {
  await fastify.register(pageRoutes, { feed })
})
const timers = peers.map((_, i) =>
  setTimeout(() => timers.push(setInterval(() => rounds[i]++, updatesMs)), (i * updatesMs) / nodes)
)
timers.push(
  setInterval(() => {
    const round = Math.min(...rounds)
    const score = { mean: 1 - 1 / round, min: 1 - 1.1 / round, max: 1 - 0.9 / round }
    feed.addRound({
      round,
      seconds: round,
      loss: 1 / round,
      score,
      consensus: 1 / round,
      bytes: 6e5 + (round % 7),
      ratio: 3.8
    })
    feed.note('info', `round ${round}`)
  }, updatesMs)
)

const browser = await chromium.launchServer({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const client = await chromium.connect(browser.wsEndpoint())
const page = await client.newPage({ viewport: { width: 1280, height: 1000 } })
await page.goto(server.url)
await page.waitForSelector('#nodes tr:nth-child(64)')
await page.waitForTimeout(5000)
const before = cpuSeconds(browser.process().pid!)
const startedMs = performance.now()
await page.waitForTimeout(1000 * seconds)
const share = (cpuSeconds(browser.process().pid!) - before) / ((performance.now() - startedMs) / 1000)
await client.close()
await browser.close()
for (const timer of timers) clearTimeout(timer)
await server.close()
printResult(
  formatTable([
    ['PAGE', 'NODES', 'EDGES', 'UPDATES', 'SECONDS', 'CPU OF THE BROWSER'],
    [
      'swarm',
      String(nodes),
      String(look().links.length),
      'one a second and node',
      String(seconds),
      `${formatShare(share)} of a core`
    ]
  ])
)

/** Of a process and all below it: the browser draws in several. */
function cpuSeconds(pid: number): number {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const parents = new Map(lines.map(line => line.trim().split(/\s+/).map(Number) as [number, number]))
  const isBelow = (each: number): boolean => each === pid || (parents.has(each) && isBelow(parents.get(each)!))
  return [...parents.keys()].filter(isBelow).reduce((sum, each) => sum + ownCpuSeconds(each), 0)
}

/** User and system time, in Linux's ticks of 10 ms; 0 when the process has ended. */
function ownCpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}
