import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeStatus, PeerStatus } from '../../node/index.js'
import { askNode } from '../control.js'
import { printResult } from '../output.js'

// Does a node whose peers have all been killed still answer every prediction?

const total = Number(process.argv[2] ?? 10_000)
const peers = 2
const parallel = 4
const startTimeoutMs = 60_000
const murmur = fileURLToPath(new URL('../../bundle/murmur.js', import.meta.url))
const data = fileURLToPath(new URL('../../../examples/iris.csv', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'murmuration-alone-'))
const home = join(folder, 'node')
const started: ChildProcess[] = []

function start(args: readonly string[], ownHome: string): ChildProcess {
  const local = ['--data', data, '--home', ownHome, '--host', '127.0.0.1', '--port', '0', '--http', '0']
  const child = spawn(process.execPath, [murmur, ...args, ...local, '--round-interval', '0.1'], { stdio: 'ignore' })
  started.push(child)
  return child
}

/** Ask until the answer is as wanted. */
async function until<T>(path: string, wanted: (answer: T) => boolean): Promise<T> {
  const giveUp = performance.now() + startTimeoutMs
  for (;;) {
    const answer = await askNode<T>(home, path).catch(() => undefined)
    if (answer !== undefined && wanted(answer)) return answer
    if (performance.now() > giveUp) throw new Error(`${path} is still ${JSON.stringify(answer)}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

try {
  start(['up'], home)
  const { addresses } = await until<NodeStatus>('/api/status', () => true)
  const others = Array.from({ length: peers }, (_, i) => start(['join', addresses[0]], join(folder, `peer-${i}`)))
  await until<PeerStatus[]>('/api/peers', all => all.filter(({ state }) => state === 'exchanging').length === peers)
  for (const other of others) other.kill('SIGKILL')

  const [header, ...rows] = readFileSync(data, 'utf8').trim().split(/\r?\n/)
  const columns = header.split(',')
  const instances = rows.map(row => Object.fromEntries(row.split(',').map((cell, c) => [columns[c], cell])))
  const failures: string[] = []
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent < total) {
      const instance = instances[sent++ % instances.length]
      await askNode(home, '/v1/models/model:predict', { instances: [instance] }).catch((error: unknown) =>
        failures.push(String(error))
      )
    }
  }
  await Promise.all(Array.from({ length: parallel }, client))
  const { round, phase } = await askNode<NodeStatus>(home, '/api/status')
  printResult(
    `${failures.length} of ${total} predictions failed after ${peers} of ${peers} peers were killed; round ${round}, ${phase}`
  )
  for (const failure of failures.slice(0, 5)) printResult(failure)
  if (failures.length > 0) process.exitCode = 1
} finally {
  for (const child of started) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
