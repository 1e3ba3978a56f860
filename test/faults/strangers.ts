import { constants, getPriority, setPriority } from 'node:os'
import { encode } from 'it-length-prefixed'
import type { Stream } from '@libp2p/interface'
import { initialParameters, modelLayout } from '../../engine/index.js'
import type { Update } from '../../learning/averaging/averaging.js'
import {
  decodeIncrements,
  encodeIncrements,
  type IncrementsMessage
} from '../../learning/averaging/increments-message.js'
import { versionOf } from '../../learning/averaging/public-copy.js'
import { createCompressor } from '../../learning/compression/create-compressor.js'
import { createRng } from '../../learning/rng.js'
import { encodeMember } from '../../protocols/member-record.js'
import { Hello, Kind, Member, UpdateHeader } from '../../protocols/messages.js'
import { membersTopic } from '../../protocols/protocol-ids.js'
import { formatShare } from '../../scripts/output.js'
import { eight, median, points, type Fault } from './fault.js'
import { pause, withSwarm, type FaultNode, type FaultSwarm } from './fault-swarm.js'
import { HostilePeer } from './hostile-peer.js'

const longestAttackMs = 20_000

function bytesOf(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer)
}

function write(stream: Stream, ...frames: readonly Uint8Array[]): void {
  try {
    for (const frame of frames) stream.send(encode.single(frame))
  } catch {
    // It was reset: so it should be.
  }
}

/** What a hostile neighbour does, and what the others must call it. */
interface Attack {
  readonly reason: string
  perform(peer: HostilePeer, nodes: readonly FaultNode[], size: number): Promise<void>
}

/** For three of their rounds, from the first that they sent us an update of, or until all of them have banned us. */
async function perform(peer: HostilePeer, act: () => void): Promise<void> {
  await peer.link()
  const beganMs = performance.now()
  for (let first = Infinity; peer.newestRound < first + 3 && performance.now() - beganMs < longestAttackMs;) {
    if (peer.exchange.links.length === 0) break
    const { newestRound } = peer
    if (newestRound > 0) act()
    await pause(100)
    if (first === Infinity && newestRound > 0) first = newestRound
  }
}

/** The same update to everybody, for the round under way. */
function sending(reason: string, make: (round: number, size: number) => readonly Partial<Update>[]): Attack {
  return {
    reason,
    perform: (peer, _, size) =>
      perform(peer, () => {
        const round = peer.newestRound
        for (const to of peer.exchange.links) {
          for (const update of make(round, size)) {
            peer.exchange.send(to, { kind: 'model', round, payload: new Uint8Array(), ...update })
          }
        }
      })
  }
}

const filled = (size: number, value: number): Uint8Array => bytesOf(new Float32Array(size).fill(value))
/** For this round and the next, so that one of them is in time. */
const timely = (payload: (size: number) => Uint8Array) => (round: number, size: number) =>
  [round, round + 1].map(each => ({ round: each, payload: payload(size) }))

/** What is wrong with a message whatever the strategy. */
const attacksOnAll: readonly Attack[] = [
  // Older than what we sent ourselves, too.
  sending('stale', round => [{ round }, { round: Math.max(0, round - 20) }]),
  sending('too-far-ahead', (round, size) => [{ round: round + 2_000_000, payload: filled(size, 0) }]),
  sending('duplicate', (round, size) => [0, 1, 2, 3].map(() => ({ round: round + 1, payload: filled(size, 0) }))),
  sending('unexpected', (round, size) => [{ kind: 'answer', round: round + 1, payload: filled(size, 0) }]),
  {
    reason: 'other-task',
    async perform(peer, nodes) {
      for (const node of nodes) {
        for (const stream of await peer.streams(node, 1)) {
          write(stream, Hello.encode({ taskId: 'f'.repeat(64), layoutHash: '0' }))
        }
      }
      await pause(500)
    }
  },
  {
    reason: 'malformed',
    async perform(peer, nodes, size) {
      const hello = Hello.encode({ taskId: peer.offer.taskId, layoutHash: modelLayout(peer.offer.task.model).hash })
      const payload = filled(size, 0)
      const header = UpdateHeader.encode({ kind: Kind.MODEL, round: 5, bytes: payload.length, checksum: 1 })
      for (const node of nodes) {
        for (const stream of await peer.streams(node, 1))
          write(stream, hello, header, payload.subarray(0, 200_000), payload.subarray(200_000))
      }
      await pause(500)
    }
  },
  {
    reason: 'forged',
    async perform(peer, nodes) {
      const data = Member.encode(encodeMember({ peer: nodes[0].peer, addresses: [], round: 9 }, true, 2n ** 62n))
      await peer.host.services.pubsub.publish(membersTopic(peer.offer.taskId), data)
      await pause(500)
    }
  },
  {
    reason: 'replayed',
    async perform(peer) {
      const self = peer.host.peerId.toString()
      const data = Member.encode(encodeMember({ peer: self, addresses: [], round: 9 }, false, 1n))
      await peer.host.services.pubsub.publish(membersTopic(peer.offer.taskId), data)
      await pause(500)
    }
  }
]

/** On strategies that send whole models. */
const attacksOnModels: readonly Attack[] = [
  sending(
    'malformed',
    timely(size => filled(size, NaN))
  ),
  sending(
    'malformed',
    timely(size => filled(size, Infinity))
  ),
  sending(
    'implausible',
    timely(size => filled(size, 1e30))
  ),
  sending(
    'malformed',
    timely(size => filled(size - 1, 0))
  )
]

/** What a hostile neighbour answers a node's latest message, of which it knows only that nobody else has sent it. */
function answering(
  reason: string,
  make: (latest: IncrementsMessage, origin: number, peer: HostilePeer) => Partial<IncrementsMessage>
): Attack {
  return {
    reason,
    async perform(peer) {
      let origin = 0
      const answered = new Map<string, number>()
      await perform(peer, () => {
        for (const to of peer.exchange.links) {
          const update = peer.latestOf(to)
          if (update === undefined || answered.get(to) === update.round) continue
          answered.set(to, update.round)
          const latest = decodeIncrements(update.payload)
          const { lineage, progress } = latest
          const vector = [{ origin: ++origin, version: 1, wanted: false }]
          const base = { lineage, progress, acknowledged: 0, asks: false, answers: false, vector, increments: [] }
          const payload = encodeIncrements({ ...base, ...make(latest, origin, peer) })
          peer.exchange.send(to, { kind: 'model', round: update.round, payload })
        }
      })
    }
  }
}

/** An increment of one value, which may be no number: the scale of what a compressor keeps, in two bytes. */
function incrementOf(
  value: number
): (_: IncrementsMessage, origin: number, peer: HostilePeer) => Partial<IncrementsMessage> {
  return (_, origin, { offer }) => {
    const layout = modelLayout(offer.task.model)
    const compressor = createCompressor(offer.task.compress, layout)
    const encoded = (each: number): Uint8Array =>
      compressor.encode(new Float32Array(layout.size).fill(each), createRng(1))
    const payload = encoded(1)
    if (Number.isFinite(value)) payload.set(encoded(value))
    else {
      const larger = encoded(2)
      const scale = payload.findIndex((byte, i) => byte !== larger[i])
      payload.set(bytesOf([value]).subarray(2), scale % 2 === 0 ? scale : scale - 1)
    }
    return { increments: [{ origin, version: 1, round: 1, nodes: 1, payload }] }
  }
}

const snapshotOf = (value: number, { offer }: HostilePeer): Uint8Array =>
  filled(modelLayout(offer.task.model).size, value)

/** On the strategy that sends increments and snapshots. */
const attacksOnIncrements: readonly Attack[] = [
  answering('malformed', incrementOf(NaN)),
  answering('malformed', incrementOf(Infinity)),
  answering('implausible', incrementOf(1e30)),
  answering('malformed', (_, origin) => ({
    increments: [{ origin, version: 1, round: 1, nodes: 1, payload: new Uint8Array(5) }]
  })),
  answering('unexpected', (_latest, _origin, peer) => ({ snapshot: snapshotOf(0, peer) })),
  // It says that it comes from another swarm that has learned for longer, and is asked for its model.
  ...[['not-finite', NaN] as const, ['implausible', 1e30] as const].map(([reason, value]) =>
    answering(reason, ({ lineage, asks }, _, peer) => ({
      lineage: lineage ^ 1,
      progress: 1_000_000,
      ...(asks && { snapshot: snapshotOf(value, peer) })
    }))
  )
]

type SwarmInit = Parameters<typeof withSwarm>[0]

/** What a swarm reaches, one attack after another, by peers that are new each time. */
async function underAttack(
  init: SwarmInit,
  attacks: readonly Attack[]
): Promise<{ readonly accuracy: number; readonly round: number; readonly missing: string[]; readonly lost: number }> {
  return withSwarm(init, async swarm => {
    await swarm.advance(2)
    const { hash, size } = modelLayout(swarm.plan.task.model)
    for (const attack of attacks) {
      const peer = await HostilePeer.join(swarm.nodes, hash)
      try {
        await attack.perform(peer, swarm.nodes, size)
      } finally {
        await peer.leave()
      }
    }
    const round = Math.max(...swarm.nodes.map(node => node.round)) + 1
    const { accuracy, lost } = await accuracyAt(swarm, round)
    await swarm.stop()
    const counted = new Set(swarm.nodes.flatMap(({ end }) => Object.keys(end?.rejected ?? {})))
    const missing = [...new Set(attacks.map(({ reason }) => reason))].filter(reason => !counted.has(reason))
    return { accuracy, round, missing, lost }
  })
}

/** Mean accuracy after a round, and how many nodes did not get there. */
async function accuracyAt(swarm: FaultSwarm, wanted: number): Promise<{ accuracy: number; lost: number }> {
  const { nodes } = swarm
  const reached = (): boolean => nodes.every(({ round, state }) => round >= wanted || state === 'ended')
  await swarm.changes.until(reached, `round ${wanted}`, 120_000)
  const accuracies = nodes.flatMap(
    ({ rounds }) => rounds.find(({ round }) => round === wanted)?.evaluation?.accuracy ?? []
  )
  const sum = accuracies.reduce((total, each) => total + each, 0)
  return { accuracy: sum / accuracies.length, lost: nodes.length - accuracies.length }
}

const hostile: Fault = {
  name: 'hostile updates from a neighbour (4 nodes, of a strategy that sends models and of one that sends increments)',
  fullOnly: true,
  bar: 'rejected, counted by reason, mean accuracy within 0.5 points of the clean run',
  async run(extent) {
    const { samples, settings } = eight(extent)
    const reached: string[] = []
    let ok = true
    for (const [averaging, compress, attacks] of [
      ['d-psgd', 'float32', [...attacksOnModels, ...attacksOnAll]],
      ['anti-entropy', 'adaptive-top-k', [...attacksOnIncrements, ...attacksOnAll]]
    ] as const) {
      const init = { nodes: 4, samples, settings: { ...settings, averaging, compress, topology: 'complete' } }
      const { accuracy, round, missing, lost } = await underAttack({ ...init, minRoundMs: 500 }, attacks)
      const clean = await withSwarm(init, swarm => accuracyAt(swarm, round))
      const change = accuracy - clean.accuracy
      ok &&= missing.length === 0 && lost === 0 && change >= -0.005
      const counted = describeCounted(missing)
      reached.push(`${averaging} ${attacks.length} attacks, ${counted}; ${points(change)} after ${round} rounds`)
    }
    return { ok, reached: reached.join('; ') }
  }
}

function describeCounted(missing: readonly string[]): string {
  return missing.length === 0 ? 'all counted' : `not counted: ${missing.join(', ')}`
}

/** NaN where each compressor has a float of its own: of a value, a scale, a value that was kept. */
const notNumbers: Fault = {
  name: 'NaN inside float32, quantised, top-k and increment updates (3 nodes each)',
  bar: 'rejected, counted by reason, all models finite',
  async run() {
    const found: string[] = []
    let ok = true
    for (const [averaging, compress] of [
      ['d-psgd', 'float32'],
      ['d-psgd', 'quantize:8'],
      ['choco-sgd', 'top-k:0.05'],
      ['anti-entropy', 'adaptive-top-k']
    ] as const) {
      const { samples, settings } = eight('quick')
      const init = { nodes: 3, samples, settings: { ...settings, topology: 'complete', averaging, compress } }
      const { accuracy, missing, lost } = await underAttack({ ...init, minRoundMs: 300 }, [
        averaging === 'anti-entropy' ? answering('malformed', incrementOf(NaN)) : poisoned(compress)
      ])
      ok &&= missing.length === 0 && lost === 0 && accuracy > 0.5
      found.push(`${compress} ${describeCounted(missing)}, ${formatShare(accuracy)}`)
    }
    return { ok, reached: found.join('; ') }
  }
}

/** A good update, but for its last float. */
function poisoned(compress: string): Attack {
  return {
    reason: 'malformed',
    async perform(peer, nodes, size) {
      const layout = modelLayout(peer.offer.task.model)
      const payload = createCompressor(compress, layout).encode(new Float32Array(size).fill(0.01), createRng(1))
      if (compress.startsWith('quantize')) payload.fill(255, 0, 2)
      else payload.fill(255, payload.length - 4)
      const version = versionOf(initialParameters(peer.offer.task.model, peer.offer.task.seed))
      const copy = compress.startsWith('top-k') ? { version, held: version, parts: [payload.length] } : undefined
      await sending('malformed', round => [
        { round, payload, copy },
        { round: round + 1, payload, copy }
      ]).perform(peer, nodes, size)
    }
  }
}

/**
 * Median time, in milliseconds, of the rounds that all nodes end while `during` runs, by the nodes' own clocks: who floods
 * from this process hears of rounds late.
 */
async function roundTime(swarm: FaultSwarm, during: Promise<unknown>): Promise<number> {
  const from = swarm.nodes.map(({ rounds }) => rounds.length)
  await during
  await swarm.advance(2)
  return median(
    swarm.nodes.flatMap(({ rounds }, i) => {
      const ends = rounds.slice(from[i]).map(round => 1000 * round.seconds)
      return ends.slice(1).map((end, k) => end - ends[k])
    })
  )
}

const floods: readonly { readonly what: string; run(peer: HostilePeer, node: FaultNode): Promise<unknown> }[] = [
  {
    what: '4 GiB length prefix',
    async run(peer, node) {
      for (const stream of await peer.streams(node, 2)) {
        stream.send(Uint8Array.of(255, 255, 255, 255, 15))
        for (let i = 0; i < 16 && stream.status === 'open'; i++) stream.send(new Uint8Array(65_536))
      }
    }
  },
  {
    what: 'never-ending frame, a byte a time',
    async run(peer, node) {
      const [stream] = await peer.streams(node, 1)
      stream?.send(Uint8Array.of(255, 255, 63))
      for (let i = 0; i < 20 && stream?.status === 'open'; i++) {
        stream.send(new Uint8Array(1))
        await pause(100)
      }
    }
  },
  { what: '1,000 streams', run: (peer, node) => peer.streams(node, 1000) },
  {
    what: '10,000 announcements',
    async run(peer) {
      const self = peer.host.peerId.toString()
      const { pubsub } = peer.host.services
      for (let i = 0; i < 10_000 && peer.host.getPeers().length > 0; i++) {
        const data = Member.encode(encodeMember({ peer: self, addresses: [], round: i }, false, BigInt(i) + 2n ** 60n))
        await pubsub.publish(membersTopic(peer.offer.taskId), data).catch(() => {})
      }
    }
  }
]

const flood: Fault = {
  name: 'floods: huge prefix, endless frame, 1,000 streams, 10,000 announcements (4 nodes)',
  fullOnly: true,
  bar: "other neighbours' round time grows by at most 20 %; memory by at most 64 MB",
  run: extent =>
    withSwarm({ ...eight(extent), nodes: 4, minRoundMs: 500 }, async swarm => {
      await swarm.advance(4)
      const { hash } = modelLayout(swarm.plan.task.model)
      const [target] = swarm.nodes
      const rss = target.rss
      const times: string[] = []
      let worst = 0
      let memory = 0
      for (const each of floods) {
        // Just before, for what else the machine does changes from minute to minute.
        const usual = await roundTime(swarm, pause(3000))
        const peer = await HostilePeer.join([target], hash)
        try {
          const attack = atLowPriority(() => Promise.all([each.run(peer, target), pause(3000)]))
          const time = await roundTime(swarm, attack)
          memory = Math.max(memory, target.rss - rss)
          worst = Math.max(worst, time / usual)
          times.push(`${each.what} ${usual.toFixed(0)} to ${time.toFixed(0)} ms`)
        } finally {
          await peer.leave()
        }
      }
      return {
        ok: worst <= 1.2 && memory <= 64e6 && swarm.running.length === 4,
        reached: `round ${times.join(', ')}; memory ${(memory / 1e6).toFixed(0)} MB more`
      }
    })
}

/** As if this process worked on another machine: it takes only the processor time that the nodes leave. */
async function atLowPriority<T>(run: () => Promise<T>): Promise<T> {
  const before = getPriority()
  setPriority(constants.priority.PRIORITY_LOW)
  try {
    return await run()
  } finally {
    try {
      setPriority(before)
    } catch {
      // Only root may take it back.
    }
  }
}

const mutations: Fault = {
  name: 'mutated frames against a live node (quick: 20,000; full: 1,000,000)',
  bar: 'zero crashes, zero unhandled rejections',
  run: extent =>
    withSwarm({ ...eight('quick'), nodes: 2, minRoundMs: 500 }, async swarm => {
      await swarm.advance(2)
      const rng = createRng('mutations')
      const [target] = swarm.nodes
      const { hash } = modelLayout(swarm.plan.task.model)
      const wanted = extent === 'full' ? 1_000_000 : 20_000
      let sent = 0
      let identities = 0
      while (sent < wanted && target.state !== 'ended') {
        const peer = await HostilePeer.join([target], hash)
        identities++
        const hello = Hello.encode({ taskId: peer.offer.taskId, layoutHash: hash })
        const header = UpdateHeader.encode({ kind: Kind.MODEL, round: 5, bytes: 100, checksum: 0 })
        for (const stream of await peer.streams(target, 2)) {
          // What follows a header may be anything for as long as it is a small payload.
          if (rng.uniform() < 0.8) write(stream, hello)
          for (let i = 0; i < 500 && stream.status === 'open' && sent < wanted; i++, sent++) {
            const frame = Uint8Array.from(rng.uniform() < 0.5 ? header : new Uint8Array(100))
            for (let flips = rng.integer(4); flips >= 0; flips--)
              frame[rng.integer(frame.length)] ^= 1 << rng.integer(8)
            write(stream, frame)
          }
        }
        await peer.leave()
      }
      await swarm.advance(2)
      const alive = swarm.running.length === 2
      return {
        ok: alive && sent >= wanted,
        reached: `${sent} frames from ${identities} identities, ${alive ? 'both nodes go on' : 'A NODE DIED'}`
      }
    })
}

export const strangers: readonly Fault[] = [hostile, notNumbers, flood, mutations]
