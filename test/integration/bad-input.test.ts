import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../helpers/fixture.js'
import { createTestHost, type TestHost } from '../helpers/host.js'
import { idxBytes } from '../helpers/idx-bytes.js'
import { RunningCommand, runMurmur, type Ended } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

/** Commands under way at once. */
const concurrency = 2

interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly code: number
  /** Parts of the message, in this order: what was found, what was expected, what to do. */
  readonly says: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const folder = temporaryFolder()
const iris = fixture('iris.csv')
const irisRows = readFileSync(iris, 'utf8').trim().split(/\r?\n/)
const header = irisRows[0]

/** A file like iris.csv with a line put before the rows. */
function irisWith(name: string, line: string): string {
  return folder.write(name, [header, line, ...irisRows.slice(1)].join('\n'))
}

const files = {
  absent: join(folder.path, 'absent.csv'),
  empty: folder.write('empty.csv', ''),
  short: irisWith('short.csv', '5.1,3.5,setosa'),
  word: irisWith('word.csv', '5.1,wide,1.4,0.2,setosa'),
  label: irisWith('label.csv', '5.1,3.5,1.4,0.2,tulip'),
  column: folder.write('column.csv', irisRows.map(row => row.split(',').slice(1).join(',')).join('\n')),
  cut: imageFolder('cut', idxBytes([10, 2, 2], Array<number>(39).fill(0))),
  magic: imageFolder('magic', Buffer.from('<html>Not found</html>')),
  text: folder.write('text.json', 'a model'),
  noModel: folder.write('no-model.json', '{"weights": []}'),
  unfit: folder.write('unfit.json', JSON.stringify({ modelTopology: dense(5, 10) })),
  settings: folder.write('settings.json', '{"learning_rate": 0.1}'),
  task: folder.write('task.json', '{"version": 1, "name": "other"}'),
  partition: folder.write('partition.json', '{"nodes": [[0, 1], [2, 9999]]}')
}

function imageFolder(name: string, images: Uint8Array): string {
  mkdirSync(join(folder.path, name))
  folder.write(`${name}/train-images-idx3-ubyte`, images)
  folder.write(`${name}/train-labels-idx1-ubyte`, idxBytes([10], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]))
  return join(folder.path, name)
}

function dense(inputs: number, units: number): unknown {
  const config = { name: 'output', units, activation: 'softmax', use_bias: true, batch_input_shape: [null, inputs] }
  return { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config }] } }
}

const swarm = (...args: string[]): string[] => ['swarm', ...args]
const device = (...args: string[]): string[] => [
  ...args,
  '--home',
  'home',
  '--host',
  '127.0.0.1',
  '--port',
  '0',
  '--http',
  '0'
]
const onDigits = (...args: string[]): string[] => swarm('--dataset', fixture('digits.csv'), '--nodes', '2', ...args)

/** Command lines, and what is said of them. */
const wrongFlags: readonly (readonly [string, readonly string[]])[] = [
  ['swarm --nodes 0', ["'0' is invalid", 'whole number of at least 1', 'murmur swarm --help']],
  ['swarm --nodes x', ["'x' is invalid", 'whole number of at least 1', 'murmur swarm --help']],
  ['swarm --learning-rate fast', ["'fast' is invalid", 'number above 0']],
  ['swarm --momentum 1', ["'1' is invalid", 'from 0 to below 1']],
  ['swarm --until acc=0.9', ["'acc=0.9' is invalid", 'accuracy=0.92']],
  ['swarm --until accuracy=92', ["'accuracy=92' is invalid", 'never above 1']],
  ['swarm --until r2=0.9', ['--until r2=0.9', 'classes', 'accuracy=0.8']],
  ['swarm --topology rings', ['unknown topology "rings"', 'expected one of ring, torus', 'Did you mean "ring"?']],
  ['swarm --averaging dpsgd', ['unknown averaging strategy "dpsgd"', 'd-psgd, swarm-sgd', 'Did you mean "d-psgd"?']],
  ['swarm --compress quantise:8', ['unknown compressor "quantise"', 'float16', 'Did you mean "quantize"?']],
  ['swarm --budget 200KB', ['budget "200KB"', 'expected bytes above 0', 'as in 200KB/round']],
  ['swarm --budget 200KB/round --averaging d-psgd', ['budget 200KB/round', '5 neighbours', 'Raise the budget']],
  ['swarm --budget 1MB/hour --averaging push-sum', ['push-sum cannot keep to a budget', 'use anti-entropy']],
  ['swarm --round-memory quasiglobal', ['unknown round memory "quasiglobal"', 'Did you mean "quasi-global"?']],
  ['swarm --round-memory outer:1', ['outer:1', 'from 0 to below 1', 'as in outer:0.9']],
  ['swarm --round-memory exact-diffusion --averaging d-psgd', ['with optimizer momentum', 'Use --optimizer sgd']],
  ['swarm --model mpl:64', ['unknown model "mpl:64"', 'softmax, mlp', 'Did you mean "mlp"?']],
  ['swarm --partition dirichelt:1', ['unknown partition "dirichelt"', 'iid, dirichlet', 'Did you mean "dirichlet"?']],
  ['swarm --backend wsm', ["'wsm' is invalid", 'auto, native, plan', 'Did you mean "wasm"?']],
  ['swarm --partition dirichlet:-1', ['dirichlet:-1', 'number above 0', 'as in dirichlet:0.1']],
  ['swarm --topology random-regular:3 --nodes 5', ['on 5 nodes', '5 x 3 is odd', 'Use random-regular:2']],
  ['swarm --samples 60000', ['need 480000 training rows', 'there are 60000', 'Pass --samples 7500']],
  ['swarm --nods 3', ["unknown option '--nods'", 'Did you mean --nodes?', 'murmur swarm --help']],
  ['swarm mnist', ['too many arguments', 'Expected 0 arguments but got 1', 'murmur swarm --help']],
  ['swram', ["unknown command 'swram'", 'Did you mean swarm?', 'murmur --help']],
  ['up', ["required option '--data <path>' not specified", 'murmur up --help']],
  ['up --data iris.csv --host myhost', ["'myhost' is invalid", 'Expected an IPv4 address']],
  ['up --data iris.csv --port 70000', ["'70000' is invalid", 'from 0 to 65535']],
  ['join --data iris.csv', ["missing required argument 'multiaddr'", 'murmur join --help']],
  ['join 10.0.0.9:4101 --data iris.csv', ['"10.0.0.9:4101" is no multiaddr', 'expected one like', 'Copy']],
  ['join /ip4/10.0.0.9/tcp/4101/p2p/me --data iris.csv', ['/p2p/me" is no multiaddr', 'expected one like', 'Copy']],
  ['join /ip4/10.0.0.9/tcp/1 --data iris.csv --task task.json', ["unknown option '--task'", 'murmur join --help']]
]

const joining = (data: string): string[] => device('join', '{peer}', '--data', data)

/** What is wrong with data, model, task or this device; how the command is told of it; what is said. */
const invalid: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['no data file', swarm('--dataset', files.absent), ['absent.csv: no such file', 'expected a CSV', 'Check the path']],
  ['no data file for a node', device('up', '--data', files.absent), ['absent.csv: no such file', 'Check the path']],
  [
    'an empty data file',
    swarm('--dataset', files.empty),
    ['empty.csv: the file is empty', 'expected', 'Check the path']
  ],
  ['a short row', swarm('--dataset', files.short), ['short.csv line 2: 3 values', 'expected 5', 'Correct']],
  ['a word for a number', joining(files.word), ['word.csv line 2', '"wide"', 'expected a number']],
  ['a column less', joining(files.column), ['column.csv', '"sepal_length_cm"', 'expected']],
  ['an unknown label', joining(files.label), ['label.csv line 2', '"tulip"', 'expected']],
  ['images cut short', swarm('--dataset', files.cut), ['55 bytes', 'expected 56', 'Fetch the file again']],
  ['a page for images', swarm('--dataset', files.magic), ['magic number 0x3c68746d', 'expected', 'Check']],
  ['a model that takes less', onDigits('--model', files.unfit), ['takes examples of shape [5]', 'has [64]', 'Change']],
  ['a model that is none', onDigits('--model', files.noModel), ['no-model.json has no "modelTopology"', 'expected']],
  [
    'a model that is no JSON',
    onDigits('--model', files.text),
    ['text.json: no JSON', 'expected a model.json', 'Check the path']
  ],
  [
    'a bad partition file',
    onDigits('--partition', `file:${files.partition}`),
    ['nodes[1][1] is 9999', 'expected', '0 to']
  ],
  ['a record in a file', onDigits('--out', files.text), ['text.json cannot keep the record', 'Pass --out']],
  ['a home in a file', ['up', '--data', iris, '--home', files.text], ['text.json cannot be used', 'Pass --home']],
  [
    'a wrong setting',
    device('up', '--data', iris, '--task', files.settings),
    [...['settings.json: unknown field "learning_rate"', 'expected', 'Did you mean "learningRate"?']]
  ],
  ['half a task', device('up', '--data', iris, '--task', files.task), ['task.json: task field', 'expected']],
  [
    'a task that is no JSON',
    device('up', '--data', iris, '--task', files.text),
    ['text.json: the file is no JSON', 'Check']
  ],
  [
    'a port in use',
    ['up', '--data', iris, '--home', 'home', '--http', '0', '--port', '{port}'],
    [...['cannot listen on', '{port}', 'another program uses that port', 'Take another one']]
  ],
  [
    'an HTTP port in use',
    ['up', '--data', iris, '--home', 'home', '--port', '0', '--http', '{port}'],
    [...['cannot serve HTTP on port {port}', 'EADDRINUSE', 'Pass --http']]
  ]
]

/** Which peer cannot be joined, its address, and what is said. */
const nobody = [
  [
    'a closed port',
    '/ip4/127.0.0.1/tcp/1',
    ['No peer answered within 1 s', '/tcp/1', 'refused', 'is `murmur up` running']
  ],
  ['a UDP port', '/ip4/127.0.0.1/udp/1', ['No peer answered', '/udp/1', 'expected /ip4/<address>/tcp/<port>']],
  ['another peer', '{peer as another}', ['another node answered', 'Copy']],
  ['another kind of node', '{stranger}', ['is no murmur node', 'Run the same version']]
] as const

const cases: readonly Case[] = [
  ...wrongFlags.map(([line, says]) => ({ name: line, args: line.split(' '), code: 2, says })),
  {
    name: 'MURMUR_NODES=x',
    args: swarm(),
    env: { MURMUR_NODES: 'x' },
    code: 2,
    says: ["from env 'MURMUR_NODES' is invalid", 'whole number']
  },
  ...invalid.map(([name, args, says]) => ({ name, args, says, code: 3 })),
  ...nobody.map(([name, address, says]) => ({
    name,
    // Who has an answer to wait for gives it its time.
    args: device('join', address, '--data', iris, '--join-timeout', address.startsWith('{') ? '10' : '1'),
    says,
    code: 4
  })),
  {
    name: 'status without a node',
    args: ['status', '--home', 'home'],
    code: 4,
    says: ['No node runs on', 'murmur up']
  },
  {
    name: 'a prediction without a node',
    args: ['predict', iris, '--home', 'home'],
    code: 4,
    says: ['No node', 'murmur up']
  }
]

/** Command lines name these in braces: addresses of a peer that learns iris and of another kind of node, a taken port. */
type Surroundings = Record<string, string>

const fill = (text: string, surroundings: Surroundings): string =>
  text.replace(/\{(.*?)\}/g, (_, name: string) => surroundings[name])

const badInput = suite('bad input')
let around: Surroundings
let taken: Server
let stranger: TestHost
let peer: RunningCommand
let results: ReadonlyMap<Case, Promise<Ended>>

badInput.before(async () => {
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  stranger = await createTestHost()
  const command = device('up', '--data', iris, '--rounds', '1')
  peer = new RunningCommand(command, { cwd: temporaryFolder().path })
  const [, address] = await peer.writes('stderr', /murmur join (\S+)/)
  around = {
    peer: address,
    'peer as another': address.replace(/p2p\/.*/, `p2p/${stranger.id}`),
    stranger: String(stranger.host.getMultiaddrs()[0]),
    port: String(port)
  }
  results = startAll()
})

badInput.after(async () => {
  taken.close()
  await stranger.host.stop()
  peer.signal('SIGKILL')
  await peer.ended()
})

function startAll(): Map<Case, Promise<Ended>> {
  const lanes = Array.from({ length: concurrency }, () => Promise.resolve<unknown>(undefined))
  return new Map(
    cases.map((each, i) => {
      const lane = i % concurrency
      const result = lanes[lane].then(() => {
        mkdirSync(folderOf(each))
        const args = each.args.map(arg => fill(arg, around))
        return runMurmur(args, { cwd: folderOf(each), env: each.env })
      })
      lanes[lane] = result.catch(() => {})
      return [each, result]
    })
  )
}

/** It runs in a folder of its own, to see what it leaves there. */
function folderOf(each: Case): string {
  return join(folder.path, `case-${cases.indexOf(each)}`)
}

for (const each of cases) {
  badInput(each.name, async () => {
    const { code, stdout, stderr } = await results.get(each)!
    let rest = stderr
    for (const part of each.says.map(text => fill(text, around))) {
      assert.ok(rest.includes(part), `expected "${part}" in: ${rest}`)
      rest = rest.slice(rest.indexOf(part) + part.length)
    }
    assert.is(code, each.code, stderr)
    assert.match(stderr, /^✖ [^✖]+$/)
    assert.not.match(stderr, /^ +at |bug in murmur/m)
    assert.is(stdout, '')
    assert.equal(readdirSync(folderOf(each)), [], 'nothing is left behind')
  })
}

badInput.run()
