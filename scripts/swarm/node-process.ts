// One node of `murmur swarm`, in a process of its own. Started with an IPC channel; ends when told to, or when the parent
// is gone.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { InvalidExampleError, loadData } from '../../data/index.js'
import { InvalidModelError, tfjsModelFile, tfjsWeights } from '../../engine/index.js'
import { createSketch } from '../../learning/sketch.js'
import { LinkWatch } from '../../node/http/link-watch.js'
import { createNode, JoinError, type MurmurNode } from '../../node/index.js'
import { createLogger } from '../../node/logger.js'
import { reportOf } from '../errors.js'
import { exitCodes } from '../exit-codes.js'
import type { ExportedModel } from '../model-files.js'
import { loadOptions } from './config.js'
import { swarmIdentities } from './identities.js'
import { sketchWidth, type FromNode, type NodeRound, type ToNode } from './messages.js'
import { parametersHash } from './parameters-hash.js'

/** Neighbours that do not come within this time are given up. */
const linkTimeoutMs = 60_000
/** And this much more for every node: they share the processor while all of them shake hands. */
const linkTimeoutPerNodeMs = 2000
/** Between two words about itself: for people to look at. */
const statusIntervalMs = 200
/** With nobody left to watch, a node that cannot stop cleanly ends all the same after this long. */
const endTimeoutMs = 3000

/** Who comes late begins without those neighbours that do not answer: some may be gone. */
const joinLinkTimeoutMs = 3000

let node: MurmurNode | undefined
let joining = false
let reportStatus = (): void => {}

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
process.on('SIGTERM', () => void end(exitCodes.done))
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
      reportStatus()
      return tell({ type: 'learning' })
    case 'predict':
      return predict(node!, message)
    case 'pause':
      return node?.pause()
    case 'resume':
      return node?.resume()
    case 'stop':
      return end(exitCodes.done)
  }
}

async function predict(own: MurmurNode, { question, examples }: Extract<ToNode, { type: 'predict' }>): Promise<void> {
  try {
    tell({ type: 'predicted', question, answer: await own.predict(examples) })
  } catch (error) {
    const { message } = error as Error
    tell({ type: 'not-predicted', question, invalid: error instanceof InvalidExampleError, message })
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
  const { task, data, rows, rounds, evaluateEvery, backend, reproducible, home, join, minRoundMs, log } = setup
  const { seed } = swarmIdentities(task.seed, setup.nodes)[setup.index]
  const created = await createNode({
    task: join === undefined ? task : undefined,
    join,
    home,
    minRoundMs,
    data: schema => loadData(data.path, { ...loadOptions(data), schema, trainRows: rows }),
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    listen: [setup.listen ?? '/ip4/127.0.0.1/tcp/0'],
    rounds,
    evaluateEvery,
    backend,
    reproducible,
    log: createLogger(`node ${setup.index}`, log?.level ?? 'warn', log?.format)
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
  reportStatus = statusReporter(created)
  created.on('finished', () => tell({ type: 'finished' }))
  created.on('failed', error => {
    tell({ type: 'failed', ...reportOf(error) })
    void end(exitCodes.failure)
  })
  return created
}

/** Tell how the node is after a round, though not after each when they are short. @returns a function that tells it now */
function statusReporter(own: MurmurNode): () => void {
  const watch = new LinkWatch(own)
  const report = (): void => {
    toldAtMs = performance.now()
    const status = own.status()
    tell({ type: 'status', status, links: watch.links(status, own.peers()) })
  }
  let toldAtMs = -Infinity
  own.on('round', record => {
    watch.roundEnded(record)
    if (performance.now() - toldAtMs >= statusIntervalMs) report()
  })
  for (const event of ['paused', 'resumed', 'finished'] as const) own.on(event, report)
  return report
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
      parametersHash: node === undefined ? null : parametersHash(node.parameters),
      model: node === undefined ? undefined : exportOf(node)
    }
    if (process.connected) await new Promise(resolve => process.send!(lastWord, undefined, undefined, resolve))
    process.exit(exitCode)
  })()
  return ending
}

/** @returns undefined for a model that tfjs cannot be given, see `tfjsModelFile` */
function exportOf(own: MurmurNode): ExportedModel | undefined {
  const { name, model } = own.task
  const metadata = { name, round: own.status().round, schema: own.localSchema }
  try {
    return { metadata, model: tfjsModelFile(model, metadata), weights: tfjsWeights(own.parameters) }
  } catch (error) {
    if (error instanceof InvalidModelError) return undefined
    throw error
  }
}

/** Changes nothing when the parent is gone: that is noticed by itself. */
function tell(message: FromNode): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {})
}
