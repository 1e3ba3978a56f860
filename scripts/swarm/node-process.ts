// One node of `murmur swarm`, in a process of its own. Started with an IPC channel; ends when told to, or when the parent
// is gone.
import { multiaddr } from '@multiformats/multiaddr'
import { loadData } from '../../data/index.js'
import { createSketch } from '../../learning/sketch.js'
import { createNode, JoinError, type MurmurNode } from '../../node/index.js'
import { reportOf } from '../errors.js'
import { exitCodes } from '../exit-codes.js'
import { loadOptions } from './config.js'
import { swarmIdentities } from './identities.js'
import { sketchWidth, type FromNode, type NodeRound, type ToNode } from './messages.js'
import { parametersHash } from './parameters-hash.js'

/** Neighbours that do not come within this time are given up. */
const linkTimeoutMs = 60_000
/** And this much more for every node: they share the processor while all of them shake hands. */
const linkTimeoutPerNodeMs = 2000
/** With nobody left to watch, a node that cannot stop cleanly ends all the same after this long. */
const endTimeoutMs = 3000

/** Who comes late begins without those neighbours that do not answer: some may be gone. */
const joinLinkTimeoutMs = 3000

let node: MurmurNode | undefined
let joining = false

process.on('message', (message: ToNode) => {
  receive(message).catch((error: unknown) => {
    tell({ type: 'failed', ...reportOf(error) })
    void end(exitCodes.failure)
  })
})
process.on('disconnect', () => {
  setTimeout(() => process.exit(exitCodes.failure), endTimeoutMs)
  void end(exitCodes.done)
})
// The terminal sends Ctrl-C to the whole group; the parent decides what it means.
process.on('SIGINT', () => {})

async function receive(message: ToNode): Promise<void> {
  switch (message.type) {
    case 'setup':
      joining = message.join !== undefined
      node = await setUp(message)
      return tell({
        type: 'listening',
        peer: node.peerId,
        addresses: node.addresses,
        backend: node.status().model.backend
      })
    case 'bootstrap':
      await joinOthers(node!, message.members)
      return tell({ type: 'learning' })
    case 'stop':
      return end(exitCodes.done)
  }
}

/** Link with all neighbours, then learn. */
async function joinOthers(own: MurmurNode, members: Extract<ToNode, { type: 'bootstrap' }>['members']): Promise<void> {
  own.introduce(
    members.map(({ peer, addresses }) => ({ peer, addresses: addresses.map(text => multiaddr(text)), round: 0 }))
  )
  await own.open()
  if (joining) {
    await own.linked(2, joinLinkTimeoutMs)
    return own.start()
  }
  const timeoutMs = linkTimeoutMs + members.length * linkTimeoutPerNodeMs
  if (!(await own.linked(members.length, timeoutMs))) {
    throw new JoinError(`Not all neighbours could be linked within ${timeoutMs / 1000} s.`, [])
  }
  own.start()
}

async function setUp(setup: Extract<ToNode, { type: 'setup' }>): Promise<MurmurNode> {
  const { task, data, rows, rounds, evaluateEvery, backend, home, join, minRoundMs } = setup
  const identities = await swarmIdentities(task.seed, setup.nodes)
  const created = await createNode({
    task: join === undefined ? task : undefined,
    join,
    home,
    minRoundMs,
    data: schema => loadData(data.path, { ...loadOptions(data), schema, trainRows: rows }),
    privateKey: identities[setup.index].privateKey,
    listen: [setup.listen ?? '/ip4/127.0.0.1/tcp/0'],
    rounds,
    evaluateEvery,
    backend
  })
  const sketch = createSketch(created.parameters.length, sketchWidth, task.seed)
  const sketches = new Map<number, Float32Array>()
  created.on('averaged', ({ round }, parameters) => sketches.set(round, sketch(parameters)))
  created.on(
    'round',
    ({ round, loss, evaluation, averagedWith, missed, bytesSent, bytesReceived, seconds, cpuSeconds }) => {
      const ended: NodeRound = {
        round,
        loss,
        evaluation,
        averagedWith: averagedWith.length,
        missed: missed.length,
        bytesSent,
        bytesReceived,
        seconds,
        cpuSeconds,
        sketch: sketches.get(round)!
      }
      sketches.delete(round)
      tell({ type: 'round', ...ended })
    }
  )
  created.on('finished', () => tell({ type: 'finished' }))
  created.on('failed', error => {
    tell({ type: 'failed', ...reportOf(error) })
    void end(exitCodes.failure)
  })
  return created
}

let ending: Promise<void> | undefined

function end(exitCode: number): Promise<void> {
  ending ??= (async () => {
    const rejected = node?.status().rejected ?? {}
    const rss = process.memoryUsage.rss()
    await node?.stop()
    const lastWord: FromNode = {
      type: 'stopped',
      rss,
      peakRss: process.resourceUsage().maxRSS * 1024,
      rejected,
      parametersHash: node === undefined ? null : parametersHash(node.parameters)
    }
    if (process.connected) await new Promise(resolve => process.send!(lastWord, undefined, undefined, resolve))
    process.exit(exitCode)
  })()
  return ending
}

/** Changes nothing when the parent is gone: that is noticed by itself. */
function tell(message: FromNode): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}
