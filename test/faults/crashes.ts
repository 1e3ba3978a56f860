import { createRng } from '../../learning/rng.js'
import { crashCheckpoints } from '../helpers/crash-checkpoints.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { eight, median, points, seconds, type Extent, type Fault } from './fault.js'
import { pause, withSwarm, type FaultNode, type FaultSwarm } from './fault-swarm.js'

/** The round that a comparison with an undisturbed run is made at. */
const comparedRound = 20
/** What a round may take longer when a neighbour dies: the shortest deadline. */
const deadlineMs = 3000

/** What a node logs of a neighbour that it does not hear any more. */
const silent = 'a neighbour is silent'

/** Times between the ends of a node's rounds. */
function roundTimes({ rounds }: FaultNode, fromMs = 0): number[] {
  return rounds.slice(1).flatMap(({ atMs }, i) => (rounds[i].atMs >= fromMs ? [atMs - rounds[i].atMs] : []))
}

/** The longest that any node was without the end of a round since `fromMs`. */
function longestWait(nodes: readonly FaultNode[], fromMs: number): number {
  const waits = nodes.map(({ rounds }) => {
    const ends = rounds.flatMap(({ atMs }) => (atMs > fromMs ? [atMs] : []))
    return Math.max(...ends.map((atMs, i) => atMs - (ends[i - 1] ?? fromMs)))
  })
  return Math.max(...waits)
}

/** When a node noticed that a neighbour is silent; empty: it did not, or has others as neighbours. */
function noticedAt(node: FaultNode, peer: string, fromMs: number): readonly number[] {
  return node
    .logged(fromMs)
    .flatMap(line => (line.msg === silent && line.peer === peer ? [line.atMs] : []))
    .slice(0, 1)
}

/** Since when a node has been linked with all of its neighbours, and a peer is none of them. */
function replacedAt(node: FaultNode, peer: string, fromMs: number): number {
  const known = node.logged(0).filter(({ msg }) => msg === 'neighbours')
  const last = known.findLastIndex(({ linked, awaited }) => awaited!.length > 0 || linked!.includes(peer))
  return Math.max(fromMs, known[last + 1]?.atMs ?? Infinity)
}

function accuracyAt(nodes: readonly FaultNode[], round: number): number {
  const figures = nodes.map(({ rounds }) => rounds.find(ended => ended.round >= round)?.evaluation?.accuracy ?? 0)
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length
}

async function reach(nodes: readonly FaultNode[], swarm: FaultSwarm, round: number): Promise<void> {
  await swarm.changes.until(
    () => nodes.every(node => node.round >= round || node.state === 'ended'),
    `all to end round ${round}`,
    180_000
  )
}

async function cleanAccuracy(extent: Extent): Promise<number> {
  return withSwarm(eight(extent), async swarm => {
    await reach(swarm.nodes, swarm, comparedRound)
    return accuracyAt(swarm.nodes, comparedRound)
  })
}

const killOne: Fault = {
  fullOnly: true,
  name: 'SIGKILL one of 8 at seeded instants',
  bar: "the others' next round ends within 3 s plus a round; nobody exits; accuracy within 0.5 points",
  async run(extent) {
    const clean = await cleanAccuracy(extent)
    return withSwarm({ ...eight(extent), homes: true }, async swarm => {
      const rng = createRng('kill one')
      const kills = extent === 'full' ? 100 : 3
      await swarm.advance(3)
      const usual = median(swarm.nodes.flatMap(node => roundTimes(node)))
      let longest = 0
      for (let kill = 0; kill < kills; kill++) {
        await pause(usual * rng.uniform())
        const victim = swarm.nodes[rng.integer(8)]
        const killedMs = performance.now()
        await victim.kill()
        const others = swarm.running
        if (others.length !== 7) return { ok: false, reached: `${8 - others.length} processes are gone` }
        await swarm.advance(2, 60_000, others)
        longest = Math.max(longest, longestWait(others, killedMs))
        await swarm.add(victim.index)
        await swarm.advance(2)
      }
      await reach(swarm.nodes, swarm, comparedRound)
      const reached = accuracyAt(swarm.nodes, comparedRound)
      const ok = longest <= deadlineMs + usual && clean - reached <= 0.005
      return {
        ok,
        reached: `${kills} kills: longest ${seconds(longest)} (usual round ${seconds(usual)}), ${points(reached - clean)}`
      }
    })
  }
}

const killHalf: Fault = {
  name: 'SIGKILL 4 of 8 at once',
  bar: 'every one of the 4 averages with another within 5 s',
  run: extent =>
    withSwarm(eight(extent), async swarm => {
      await swarm.advance(3)
      await Promise.all(swarm.nodes.slice(0, 4).map(node => node.kill()))
      const killedMs = performance.now()
      const others = swarm.running
      const averagedAt = (node: FaultNode): number | undefined =>
        node.rounds.find(({ atMs, averagedWith }) => atMs > killedMs + 200 && averagedWith > 0)?.atMs
      await swarm.changes.until(() => others.every(node => averagedAt(node) !== undefined), 'all to average', 60_000)
      const longest = Math.max(...others.map(node => averagedAt(node)! - killedMs))
      return { ok: others.length === 4 && longest <= 5000, reached: `all 4 within ${seconds(longest)}` }
    })
}

const replaced: Fault = {
  fullOnly: true,
  name: 'SIGKILL 2 of a ring of 8, opposite each other',
  bar: 'the ring is closed again, with every one of the 6 averaging with two, within 10 s',
  run: extent => {
    const { samples, settings } = eight(extent)
    return withSwarm({ nodes: 8, samples, settings: { ...settings, topology: 'ring' } }, async swarm => {
      await swarm.advance(3)
      const peers = swarm.nodes.map(({ peer }) => peer).sort()
      const victims = swarm.nodes.filter(({ peer }) => peers.indexOf(peer) % 4 === 0)
      await Promise.all(victims.map(node => node.kill()))
      const killedMs = performance.now()
      const others = swarm.running
      const closed = (): boolean => others.every(({ rounds }) => rounds.at(-1)?.averagedWith === 2)
      await swarm.changes.until(() => !closed(), 'the ring to be open', 60_000)
      await swarm.changes.until(closed, 'the ring to be closed', 60_000)
      const ms = performance.now() - killedMs
      return { ok: others.length === 6 && ms <= 10_000, reached: `closed after ${seconds(ms)}` }
    })
  }
}

const freeze: Fault = {
  fullOnly: true,
  name: 'SIGSTOP 40 s, SIGCONT (quick: 8 s)',
  bar: 'others never wait over one deadline, notice within 3 s, and replace it within 12 s; it is within 1 point again in 3 rounds',
  run: extent =>
    withSwarm({ ...eight(extent), logLevel: 'info' }, async swarm => {
      await swarm.advance(3)
      const usual = median(swarm.nodes.flatMap(node => roundTimes(node)))
      const [frozen, ...others] = swarm.nodes
      frozen.child.kill('SIGSTOP')
      const stoppedMs = performance.now()
      await pause(extent === 'full' ? 40_000 : 8000)
      const longest = longestWait(others, stoppedMs)
      const noticed = others.flatMap(node => noticedAt(node, frozen.peer, stoppedMs))
      const noticedMs = Math.max(...noticed) - stoppedMs
      const replacedMs =
        extent === 'full' ? Math.max(...others.map(node => replacedAt(node, frozen.peer, stoppedMs))) - stoppedMs : 0
      frozen.child.kill('SIGCONT')
      const roundThen = Math.max(...others.map(({ round }) => round))
      const back = (): number => frozen.rounds.findIndex(({ round }) => round >= roundThen)
      await swarm.changes.until(() => back() >= 0 && frozen.rounds.length > back() + 3, 'it to catch up', 60_000)
      const after = frozen.rounds[back() + 3]
      const accuracy = accuracyAt(others, after.round - 1)
      const behind = accuracy - (after.evaluation?.accuracy ?? 0)
      return {
        ok:
          longest <= deadlineMs + usual &&
          noticed.length > 0 &&
          noticedMs < 3000 &&
          replacedMs <= 12_000 &&
          behind <= 0.01,
        reached:
          `longest ${seconds(longest)} (usual round ${seconds(usual)}), noticed after ${seconds(noticedMs)}, replaced after ${seconds(replacedMs)}; ` +
          `${points(-behind)} after 3 rounds`
      }
    })
}

const busy: Fault = {
  name: 'SIGSTOP 3 s, SIGCONT, each node in turn: busy',
  bar: 'noticed and asked for, but nobody is dropped',
  run: extent =>
    withSwarm({ ...eight(extent), logLevel: 'info' }, async swarm => {
      await swarm.advance(3)
      const startedMs = performance.now()
      const turns = swarm.nodes.slice(0, extent === 'full' ? 8 : 2)
      for (const node of turns) {
        node.child.kill('SIGSTOP')
        await pause(3000)
        node.child.kill('SIGCONT')
        await swarm.advance(2)
      }
      const lines = swarm.nodes.flatMap(node => node.logged(startedMs))
      const noticed = turns.filter(({ peer }) => lines.some(line => line.msg === silent && line.peer === peer)).length
      const changes = lines.filter(({ msg }) => msg === 'neighbours').length
      return {
        ok: noticed === turns.length && changes === 0,
        reached: `${noticed} of ${turns.length} noticed, neighbours changed ${changes} times`
      }
    })
}

const storeCrashes: Fault = {
  name: 'kill -9 while writing checkpoints',
  bar: 'every restart finds a whole checkpoint, and all that were told to be written',
  async run(extent) {
    const times = extent === 'full' ? 200 : 10
    const torn = await crashCheckpoints(temporaryFolder().path, times, 1)
    return { ok: true, reached: `${times} of ${times}, ${torn} of them in the middle of a file` }
  }
}

const nodeCrashes: Fault = {
  name: 'kill -9 of a whole node, restart',
  bar: 'at most one round lost',
  run: extent =>
    withSwarm({ nodes: 2, samples: 300, homes: true }, async swarm => {
      const rng = createRng('node crashes')
      const times = extent === 'full' ? 200 : 3
      let most = 0
      for (let crash = 0; crash < times; crash++) {
        await swarm.advance(2)
        await pause(200 * rng.uniform())
        const [, victim] = swarm.nodes
        await victim.kill()
        const { CheckpointStore } = await import('../../node/checkpoint/index.js')
        const { checkpoint, damaged } = await new CheckpointStore(`${swarm.homeOf(1)}/checkpoints`).latest()
        if (checkpoint === undefined || damaged.length > 0) return { ok: false, reached: `damaged: ${damaged[0]}` }
        most = Math.max(most, victim.round - checkpoint.round)
        await swarm.add(1)
      }
      return { ok: most <= 1, reached: `${times} restarts, at most ${Math.max(0, most)} rounds lost` }
    })
}

const lateJoiner: Fault = {
  fullOnly: true,
  name: 'late joiner',
  bar: 'within 1 point of the swarm after 2 rounds',
  run: extent =>
    withSwarm(
      eight(extent),
      async swarm => {
        await swarm.advance(8)
        const late = await swarm.add(7)
        await late.advances(2, 30_000)
        const { round, evaluation } = late.rounds[1]
        const others = swarm.nodes.slice(0, 7)
        await reach(others, swarm, round)
        const behind = accuracyAt(others, round) - (evaluation?.accuracy ?? 0)
        return { ok: behind <= 0.01, reached: `${points(-behind)} against the mean of the others` }
      },
      7
    )
}

const terminate: Fault = {
  name: 'SIGTERM',
  bar: 'checkpoint written and process gone within 2 s',
  run: () =>
    withSwarm({ nodes: 4, homes: true }, async swarm => {
      await swarm.advance(3)
      const [node] = swarm.nodes
      const { round } = node
      const before = performance.now()
      node.child.kill('SIGTERM')
      await swarm.changes.until(() => node.state === 'ended', 'the process to end', 10_000)
      const ms = performance.now() - before
      const { CheckpointStore } = await import('../../node/checkpoint/index.js')
      const { checkpoint } = await new CheckpointStore(`${swarm.homeOf(0)}/checkpoints`).latest()
      const written = checkpoint?.round ?? 0
      return {
        ok: ms <= 2000 && written >= round,
        reached: `gone after ${seconds(ms)}, round ${written} of ${round} written`
      }
    })
}

export const crashes: readonly Fault[] = [
  storeCrashes,
  nodeCrashes,
  terminate,
  killOne,
  killHalf,
  replaced,
  freeze,
  busy,
  lateJoiner
]
