import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parametersHash } from '../../scripts/swarm/parameters-hash.js'
import type { Summary } from '../../scripts/swarm/summary.js'
import { fixture } from '../helpers/fixture.js'
import { allEnd, childrenOf } from '../helpers/processes.js'
import { runMurmur, withCommands } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

interface Round {
  readonly round: number
  readonly node: number
  readonly loss: number
  readonly accuracy: number | null
  readonly bytesSent: number
  readonly seconds: number
}

const swarm = suite('murmur swarm')
const folder = temporaryFolder()
const iris = ['swarm', '--dataset', fixture('iris.csv'), '--local-steps', '10', '--json']
const endless = ['--rounds', '1000000', '--eval-every', '1000']

const outFor = (name: string): string => join(folder.path, name)

/** The one record in a folder of records. */
function recordIn(out: string): { config: Record<string, unknown>; rounds: Round[]; summary: Summary } {
  const [id, ...others] = readdirSync(out)
  assert.equal(others, [], `one run in ${out}`)
  const read = (name: string): string => readFileSync(join(out, id, name), 'utf8')
  const lines = read('rounds.ndjson').trim().split('\n')
  return {
    config: JSON.parse(read('config.json')) as Record<string, unknown>,
    rounds: lines.map(line => JSON.parse(line) as Round),
    summary: JSON.parse(read('summary.json')) as Summary
  }
}

function floatsOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))
}

/** What each node learned in each round, without what depends on the machine. */
function learned(rounds: readonly Round[]): string[] {
  return rounds.map(({ round, node, loss, accuracy }) => `round ${round} node ${node}: ${loss} ${accuracy}`).sort()
}

swarm('learns MNIST, keeps a record, and learns the same again from the same seed', async () => {
  const run = (out: string) =>
    runMurmur([
      'swarm',
      '--nodes',
      '4',
      '--samples',
      '200',
      '--rounds',
      '3',
      '--local-steps',
      '6',
      '--averaging',
      'd-psgd',
      '--json',
      '--out',
      out
    ])
  const { code, stdout, stderr } = await run(outFor('first'))
  assert.is(code, 0, stderr)
  const summary = JSON.parse(stdout) as Summary
  const { config, rounds, summary: written } = recordIn(outFor('first'))
  assert.equal(written, summary)
  const { node: best, folder: modelFolder } = summary.model!
  assert.is(summary.perNode[best].accuracy, summary.accuracy!.max)
  const weights = readFileSync(join(outFor('first'), summary.id, modelFolder, 'weights.bin'))
  assert.is(parametersHash(Float32Array.from(floatsOf(weights))), summary.perNode[best].parametersHash)
  assert.is(config.nodes, 4)
  assert.is(config.samples, 200)
  assert.equal([summary.nodes, summary.rounds, summary.seed, summary.target], [4, 3, 1, null])
  const { mean, min, max } = summary.accuracy!
  assert.ok(0.5 < min && min <= mean && mean <= max && max < 1, `accuracy ${mean} (${min} to ${max})`)
  assert.ok(summary.consensusDistance > 0)
  // An update is about 100 kB, and goes to three neighbours in each of three rounds.
  for (const bytes of Object.values(summary.bytes)) assert.ok(bytes > 9e5 && bytes < 1.3e6, `${bytes} bytes a node`)
  assert.ok(summary.seconds.wall > 0 && summary.seconds.cpu > 0)
  assert.is(summary.seconds.toTarget, null)
  assert.ok(summary.memory.maxRssPerNode > 1e7)
  assert.equal(
    summary.perNode.map(({ node, state, round, rejected }) => ({ node, state, round, rejected })),
    [0, 1, 2, 3].map(node => ({ node, state: 'done', round: 3, rejected: {} }))
  )
  assert.is(new Set(summary.perNode.map(({ peer }) => peer)).size, 4)

  assert.is(rounds.length, 3 * 4)
  for (const { round, node, loss, accuracy, bytesSent, seconds } of rounds) {
    assert.ok(
      [loss, accuracy, bytesSent, seconds].every(figure => figure! > 0),
      `round ${round} of node ${node}`
    )
  }
  assert.is(new Set(rounds.map(({ round, node }) => `${round} ${node}`)).size, rounds.length)
  assert.match(stderr, /^round 3\/3 {2}loss \d\.\d{3} {2}accuracy /m)
  assert.not.match(stderr, /\x1b/)

  await run(outFor('second'))
  assert.equal(learned(recordIn(outFor('second')).rounds), learned(rounds))
})

swarm('gives each node rows of its own', async () => {
  const out = outFor('shards')
  const shards = ['--nodes', '3', '--partition', 'shards:1', '--rounds', '1', '--local-steps', '40']
  const { code, stderr } = await runMurmur([...iris, ...shards, '--out', out])
  assert.is(code, 0, stderr)
  // Who sees a single class soon knows it: 0.13; of all three classes, as many steps leave a loss of 0.35.
  for (const { node, loss } of recordIn(out).rounds) assert.ok(loss < 0.22, `node ${node}: loss ${loss}`)
})

swarm('stops as soon as the target is reached, and takes flags from the environment', async () => {
  const { code, stdout, stderr } = await runMurmur(
    [...iris, ...endless, '--eval-every', '1', '--out', outFor('reached')],
    {
      env: { MURMUR_NODES: '2', MURMUR_UNTIL: 'accuracy=0.8' }
    }
  )
  assert.is(code, 0, stderr)
  const { nodes, target, seconds, rounds } = JSON.parse(stdout) as Summary
  assert.is(nodes, 2)
  assert.is(target!.reached, true)
  assert.ok(target!.round! <= rounds && rounds < 1000, `target in round ${target!.round}, end in ${rounds}`)
  assert.ok(seconds.toTarget! > 0 && target!.bytesPerNode! > 0 && target!.cpuSeconds! > 0)
})

swarm('predicts numbers with swarm-sgd, prints a table, and tells of a target that was missed', async () => {
  const { code, stdout, stderr } = await runMurmur([
    ...['swarm', '--dataset', fixture('boston.csv'), '--nodes', '2', '--rounds', '4', '--local-steps', '20'],
    ...['--averaging', 'swarm-sgd', '--learning-rate', '0.02', '--until', 'r2=1', '--out', outFor('boston')]
  ])
  assert.is(code, 5, stderr)
  const { accuracy, r2, target } = recordIn(outFor('boston')).summary
  assert.is(accuracy, null)
  assert.ok(r2!.min > 0.3 && r2!.max < 1, `r2 ${r2!.min} to ${r2!.max}`)
  assert.equal(target, { metric: 'r2', value: 1, reached: false, round: null, bytesPerNode: null, cpuSeconds: null })
  assert.match(stdout, /^NODE +PEER +STATE +ROUND +LOSS +R2 +SENT +RECEIVED\n0 +….{6} +done +4 /m)
  assert.match(stdout, /^target +r2=1 not reached$/m)
})

swarm('goes on without a node that was killed', () =>
  withCommands(async start => {
    const out = outFor('lost')
    const command = start([...iris, '--nodes', '3', '--rounds', '150', '--out', out])
    await command.writes('stderr', /^round 1\//m)
    process.kill(childrenOf(command.pid)[0], 'SIGKILL')
    const { code, stdout, stderr } = await command.ended()
    assert.is(code, 0, stderr)
    assert.match(stderr, /^node \d ended unexpectedly \(SIGKILL\); the others go on$/m)
    const states = (JSON.parse(stdout) as Summary).perNode.map(({ state, round }) => `${state} ${round === 150}`)
    assert.equal(states.sort(), ['done true', 'done true', 'lost false'])
  })
)

swarm('ends its nodes when it is killed itself', () =>
  withCommands(async start => {
    const command = start([...iris, ...endless, '--nodes', '2', '--out', outFor('orphans')])
    await command.writes('stderr', /^round 1\//m)
    const nodes = childrenOf(command.pid)
    assert.is(nodes.length, 2)
    command.signal('SIGKILL')
    await allEnd(nodes, 5000)
  })
)

swarm('ends cleanly at the first Ctrl-C', () =>
  withCommands(async start => {
    const out = outFor('interrupted')
    const command = start([...iris, ...endless, '--nodes', '2', '--out', out])
    await command.writes('stderr', /^round 2\//m)
    command.signal('SIGINT')
    const { code, stdout, stderr } = await command.ended()
    assert.is(code, 0, stderr)
    const { summary } = recordIn(out)
    assert.equal(summary, JSON.parse(stdout))
    assert.ok(summary.rounds >= 2 && summary.rounds < 1_000_000, `${summary.rounds} rounds`)
    assert.equal(
      summary.perNode.map(({ state }) => state),
      ['done', 'done']
    )
  })
)

swarm('ends at once at the second Ctrl-C', () =>
  withCommands(async start => {
    const command = start([...iris, ...endless, '--nodes', '2', '--out', outFor('forced')])
    await command.writes('stderr', /^round 1\//m)
    const nodes = childrenOf(command.pid)
    // It cannot say goodbye, so the first Ctrl-C has something to wait for.
    process.kill(nodes[0], 'SIGSTOP')
    command.signal('SIGINT')
    await command.writes('stderr', /press Ctrl-C again/)
    command.signal('SIGINT')
    assert.is((await command.ended()).code, 130)
    await allEnd(nodes, 5000)
  })
)

swarm('does not mind that nobody reads its summary, and logs what its nodes do when asked to', () =>
  withCommands(async start => {
    const command = start([...iris, '--nodes', '1', '--rounds', '1', '--out', outFor('unread'), '--log-level', 'info'])
    command.closeStdout()
    const { code, stderr } = await command.ended()
    assert.is(code, 0, stderr)
    const lines = stderr.split('\n').filter(line => line.startsWith('{'))
    const [{ name, round }] = lines.map(line => JSON.parse(line) as Logged).filter(({ msg }) => msg === 'round ended')
    assert.equal({ name, round }, { name: 'node 0', round: 1 })
  })
)

/** A line of the log. */
interface Logged {
  readonly name: string
  readonly msg: string
  readonly round?: number
}

swarm.run()
