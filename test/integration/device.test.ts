import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NodeStatus, PeerStatus, RoundRecord } from '../../node/index.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur, withCommands, type RunningCommand } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const device = suite('murmur up, join, status, peers, predict')
const folder = temporaryFolder()
const digits = readFileSync(fixture('digits.csv'), 'utf8').trim().split(/\r?\n/)
const [header, ...rows] = digits
const half = Math.floor(rows.length / 2)
const halves = [rows.slice(0, half), rows.slice(half, 2 * half)].map((part, i) =>
  folder.write(`half-${i}.csv`, [header, ...part].join('\n'))
)
const homes = ['first', 'second'].map(name => join(folder.path, name))
const local = ['--host', '127.0.0.1', '--port', '0', '--http', '0', '--round-interval', '0.05']
/** The address that a node says others can join with. */
async function addressOf(node: RunningCommand): Promise<string> {
  return (await node.writes('stderr', /murmur join (\/ip4\/\S+\/p2p\/\S+) --data/))[1]
}

async function ask<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runMurmur([...args, '--json'])
  assert.is(code, 0, stderr)
  return JSON.parse(stdout) as T
}

device('two nodes learn together, answer, and leave', () =>
  withCommands(async start => {
    const first = start(['up', '--data', halves[0], '--home', homes[0], ...local])
    const address = await addressOf(first)
    const second = start(['join', address, '--data', halves[1], '--home', homes[1], ...local])
    for (const node of [first, second]) {
      await node.writes(
        'stdout',
        /^round \d+ {2}loss \d\.\d{3} {2}acc \d+\.\d % {2}peers 1 {2}↑ \d.* ↓ \d.* consensus \d/m
      )
    }

    const ids = [first, second].map(({ stderr }) => stderr.match(/^node +(\S+) {2}\(new identity in/)![1])
    for (const [i, home] of homes.entries()) {
      const status = await ask<NodeStatus>('status', '--home', home)
      assert.is(status.peer, ids[i])
      assert.equal(status.neighbours, [ids[1 - i]])
      assert.is(status.members, 2)
      assert.is(status.data.trainRows + status.data.testRows, half)
      assert.ok(status.round > 1 && status.evaluation!.accuracy! > 0.5)
      const [peer, ...others] = await ask<PeerStatus[]>('peers', '--home', home)
      assert.equal(others, [])
      assert.equal([peer.peer, peer.state, peer.weight], [ids[1 - i], 'exchanging', 0.5])
    }
    const status = await runMurmur(['status', '--home', homes[1]])
    assert.match(status.stdout, new RegExp(`^node +${ids[1]}\\n`))
    assert.match(status.stdout, /^swarm +2 members, 1 neighbour$/m)
    const peers = await runMurmur(['peers'], { env: { MURMUR_HOME: homes[1] } })
    assert.match(peers.stdout, new RegExp(`^PEER +STATE .*\\n…${ids[0].slice(-6)} +exchanging +\\d+ +0.50 `))
    await checkPredictions()

    const refused = await runMurmur(['up', '--data', halves[0], '--home', homes[0], ...local])
    assert.is(refused.code, 3)
    assert.match(refused.stderr, /^✖ \S+ is in use by another murmur node\. Stop that one, or pass --home/)

    second.signal('SIGINT')
    assert.is((await second.ended()).code, 0, second.stderr)
    assert.not.ok(existsSync(join(homes[1], 'control.json')))
    await first.writes('stdout', laterThan(first.stdout, 'peers 0\\n'))

    const again = start(['join', address, '--data', halves[1], '--home', homes[1], ...local, '--json'])
    await again.writes('stdout', /"averagedWith":1/)
    assert.ok(again.stderr.startsWith(`node       ${ids[1]}  (known identity in`), again.stderr)
    const records = again.stdout
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as RoundRecord)
    assert.ok(records[0].round > 1, 'it begins where the swarm is')
    const order = records.map(({ round }) => round)
    assert.equal(
      order,
      [...new Set(order)].sort((a, b) => a - b)
    )

    first.closeStdout()
    assert.is((await first.ended()).code, 0, first.stderr)
    assert.not.ok(existsSync(join(homes[0], 'control.json')))
    await again.writes('stdout', laterThan(again.stdout, '"averagedWith":0'))
  })
)

/** Matches when the text has been written after all that was `seen`. */
function laterThan(seen: string, text: string): RegExp {
  return new RegExp(`^[^]{${seen.length}}[^]*${text}`)
}

async function checkPredictions(): Promise<void> {
  const asked = rows.slice(0, 20)
  const input = [header, ...asked].join('\n')
  const { stdout, stderr } = await runMurmur(['predict', '-', '--home', homes[1]], { input })
  assert.match(stdout, /^(\d {2}\d+\.\d %\n){20}$/, stderr)
  const right = stdout.split('\n').filter((line, i) => line.split(' ')[0] === asked[i]?.split(',').at(-1)).length
  assert.ok(right >= 12, `${right} of 20 digits are right`)
  const file = folder.write('ask.csv', input)
  const { predictions, round } = await ask<{
    predictions: { label: string; probabilities: Record<string, number> }[]
    round: number
  }>('predict', file, '--home', homes[0])
  assert.is(predictions.length, 20)
  assert.ok(round > 1)
  for (const [i, { label, probabilities }] of predictions.entries()) {
    const sum = Object.values(probabilities).reduce((a, b) => a + b, 0)
    assert.ok(
      Math.abs(sum - 1) < 1e-4 && Object.keys(probabilities).length === 10,
      `row ${i}: probabilities sum to ${sum}`
    )
    assert.is(probabilities[label], Math.max(...Object.values(probabilities)), `row ${i}`)
  }
  const narrow = await runMurmur(['predict', '-', '--home', homes[0]], { input: 'a,b\n1,2\n' })
  assert.is(narrow.code, 3)
  assert.match(narrow.stderr, /^✖ example 0: /)
}

device.run()
