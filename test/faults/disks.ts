import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointStore } from '../../node/checkpoint/index.js'
import type { NodeStatus } from '../../node/index.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur, withCommands, type RunningCommand, type StartCommand } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import type { Fault, Outcome } from './fault.js'
import { withoutNamespaces } from './namespaces.js'
import { averaging } from './options.js'

const flags = ['--host', '127.0.0.1', '--port', '0', '--http', '0', '--round-interval', '0.05', '--json']

function up(start: StartCommand, home: string, env: Record<string, string> = {}): RunningCommand {
  return start(['up', '--data', fixture('digits.csv'), '--home', home, '--averaging', averaging, ...flags], { env })
}

function roundOf({ stdout }: RunningCommand): number {
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  return line.startsWith('{') ? (JSON.parse(line) as { round: number }).round : 0
}

async function advance(node: RunningCommand, by: number): Promise<void> {
  await node.writes('stdout', new RegExp(`"round":${roundOf(node) + by},`))
}

async function answers(home: string): Promise<boolean> {
  const { code, stdout } = await runMurmur(['status', '--json', '--home', home])
  return code === 0 && (JSON.parse(stdout) as NodeStatus).round > 0
}

/** A node on a disk of its own, small, to which something happens, and which is then well again. */
async function onDisk(
  harm: (disk: string, node: RunningCommand) => Promise<void>,
  heal: (disk: string) => void
): Promise<Outcome> {
  const disk = join(temporaryFolder().path, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'murmur-test', disk])
  try {
    return await withCommands(async start => {
      const home = join(disk, 'home')
      const node = up(start, home)
      await advance(node, 5)
      await harm(disk, node)
      await advance(node, 30)
      const served = await answers(home)
      const warnings = node.stderr.match(/"level":40/g)?.length ?? 0
      const { checkpoint, damaged } = await new CheckpointStore(join(home, 'checkpoints')).latest()
      heal(disk)
      await node.writes('stderr', /checkpoints are written again/)
      node.signal('SIGTERM')
      const { code } = await node.ended()
      const after = await new CheckpointStore(join(home, 'checkpoints')).latest()
      const isWhole = checkpoint !== undefined && damaged.length + after.damaged.length === 0
      return {
        ok: served && warnings === 1 && isWhole && code === 0,
        reached: `${warnings} warning, 30 rounds, ${served ? 'serves' : 'DOES NOT SERVE'}, round ${checkpoint?.round} whole, then ${after.checkpoint?.round}`
      }
    })
  } finally {
    execFileSync('umount', ['-l', disk])
  }
}

const full: Fault = {
  name: 'disk full',
  bar: 'one clear warning, learning and serving go on, nothing corrupted',
  unavailable: withoutNamespaces,
  run: () =>
    onDisk(
      async (disk, node) => {
        // What the node removes makes room again, so that one filling may come to nothing: fill until a checkpoint has failed.
        for (let i = 0; !node.stderr.includes('no checkpoint can be written');) {
          try {
            for (; ; i++) writeFileSync(join(disk, `filler-${i}`), new Uint8Array(4096))
          } catch {
            // It is full.
          }
          await advance(node, 1)
        }
      },
      disk => execFileSync('sh', ['-c', `rm ${disk}/filler-*`])
    )
}

const readOnly: Fault = {
  name: 'disk read-only',
  bar: 'one clear warning, learning and serving go on, nothing corrupted',
  unavailable: withoutNamespaces,
  run: () =>
    onDisk(
      async disk => {
        // Whoever has files open for writing keeps a disk from becoming read-only; a folder can be.
        execFileSync('mount', ['--bind', join(disk, 'home/checkpoints'), join(disk, 'home/checkpoints')])
        execFileSync('mount', ['-o', 'remount,ro,bind', join(disk, 'home/checkpoints')])
      },
      disk => execFileSync('umount', [join(disk, 'home/checkpoints')])
    )
}

const clock: Fault = {
  name: 'wall clock jumps a day, both ways',
  bar: 'learning goes on as if nothing had happened',
  run: () =>
    withCommands(async start => {
      const folder = temporaryFolder()
      const day = 24 * 3600 * 1000
      const jumping = folder.write(
        'jumping-clock.mjs',
        `const now = Date.now.bind(Date)
         const start = performance.now()
         const shift = () => [0, ${day}, -${day}][Math.floor((performance.now() - start) / 4000) % 3]
         Date.now = () => now() + shift()`
      )
      const home = join(folder.path, 'home')
      const first = up(start, home, { NODE_OPTIONS: `--import ${jumping}` })
      const [, address] = await first.writes('stderr', /murmur join (\/ip4\/\S+\/p2p\/\S+) --data/)
      const second = start(['join', address, '--data', fixture('digits.csv'), '--home', `${home}-2`, ...flags])
      await second.writes('stdout', /"averagedWith":1/)
      // What a newcomer's first rounds are like says nothing about clocks.
      await advance(second, 10)
      const before = second.stdout.trimEnd().split('\n').length
      let missed = 0
      const startedMs = performance.now()
      while (performance.now() - startedMs < 14_000) await advance(second, 10)
      const lines = second.stdout.trimEnd().split('\n').slice(before)
      for (const line of lines) if (!line.includes('"averagedWith":1')) missed++
      rmSync(jumping)
      return { ok: missed <= lines.length / 100, reached: `${missed} of ${lines.length} rounds without the other` }
    })
}

const alone: Fault = {
  name: 'all peers gone',
  bar: 'predictions go on, no slower',
  run: () =>
    withCommands(async start => {
      const home = join(temporaryFolder().path, 'home')
      const first = up(start, home)
      const [, address] = await first.writes('stderr', /murmur join (\/ip4\/\S+\/p2p\/\S+) --data/)
      const [, url] = await first.writes('stderr', /^dashboard +(\S+)$/m)
      const second = start(['join', address, '--data', fixture('digits.csv'), '--home', `${home}-2`, ...flags])
      await second.writes('stdout', /"averagedWith":1/)
      const body = JSON.stringify({ instances: [Array.from({ length: 64 }, () => 0)] })
      const ask = async (): Promise<number> => {
        const times: number[] = []
        for (let i = 0; i < 60; i++) {
          const began = performance.now()
          const response = await fetch(`${url}/v1/models/model:predict`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body
          })
          if (!response.ok) throw new Error(await response.text())
          await response.text()
          times.push(performance.now() - began)
        }
        return times.sort((a, b) => a - b)[30]
      }
      await ask()
      const before = await ask()
      second.signal('SIGKILL')
      await second.ended()
      await first.writes('stdout', /"averagedWith":0[^]*\n$/)
      const after = await ask()
      return {
        ok: after <= 1.5 * before + 2,
        reached: `median ${before.toFixed(1)} ms with a peer, ${after.toFixed(1)} ms without`
      }
    })
}

export const disks: readonly Fault[] = [full, readOnly, clock, alone]
