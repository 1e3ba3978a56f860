import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../../scripts/doctor.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur, withCommands } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const doctor = suite('murmur doctor and murmur key')
const folder = temporaryFolder()
const home = join(folder.path, 'home')
const local = ['--host', '127.0.0.1', '--port', '0', '--http', '0', '--round-interval', '0.05']

function statesOf(stdout: string): Record<string, string> {
  return Object.fromEntries((JSON.parse(stdout) as Finding[]).map(({ what, state }) => [what, state]))
}

doctor('finds nothing wrong on a healthy device, and reaches a closed swarm with its key alone', () =>
  withCommands(async start => {
    const key = join(folder.path, 'swarm.key')
    const written = await runMurmur(['key', key, '--json'])
    assert.equal([written.code, JSON.parse(written.stdout)], [0, { file: key }])
    const again = await runMurmur(['key', key])
    assert.equal([again.code, /^✖ \S+ cannot be written: EEXIST/.test(again.stderr)], [3, true])

    const node = start(['up', '--data', fixture('iris.csv'), '--home', home, '--swarm-key', key, ...local])
    const [, address] = await node.writes('stderr', /murmur join (\/ip4\/\S+\/p2p\/\S+) --data/)
    const ask = ['doctor', '--home', join(folder.path, 'other'), '--port', '0', '--json', '--join', address]
    const inside = await runMurmur([...ask, '--swarm-key', key, '--data', fixture('iris.csv')])
    assert.is(inside.code, 0, inside.stdout)
    const states = statesOf(inside.stdout)
    for (const what of ['version', 'clock', 'home', 'disk', 'port', 'key', 'data', 'reach'])
      assert.is(states[what], 'ok', what)
    assert.is(states.checkpoint, 'unknown')
    const outside = await runMurmur(ask)
    assert.equal([outside.code, statesOf(outside.stdout).reach], [4, 'wrong'])
    assert.match(outside.stdout, /somebody is there, but not understood: .+ the same --swarm-key/)
  })
)

doctor('names what is wrong, with the next step', async () => {
  const server = createServer().listen(0, '0.0.0.0')
  await once(server, 'listening')
  const port = String((server.address() as AddressInfo).port)
  const key = folder.write('nonsense.key', 'nonsense')
  const { code, stdout } = await runMurmur([
    'doctor',
    '--home',
    join(folder.path, 'new'),
    '--port',
    port,
    '--swarm-key',
    key
  ])
  server.close()
  assert.is(code, 3)
  assert.match(stdout, new RegExp(`^✖ +key +\\S+ holds no swarm key\\. \`murmur key`, 'm'))
  assert.match(stdout, new RegExp(`^✖ +port +port ${port} cannot be used: EADDRINUSE`, 'm'))
  const free = join(folder.path, 'free')
  writeFileSync(join(folder.path, 'list'), 'nobody\n')
  const list = await runMurmur([
    'up',
    '--data',
    fixture('iris.csv'),
    '--home',
    free,
    ...local,
    '--allow',
    join(folder.path, 'list')
  ])
  assert.is(list.code, 3)
  assert.match(list.stderr, /^✖ "nobody" is no peer id, and no file; expected 12D3Koo…\.\n$/)
})

doctor('lets in who is on the list, and nobody else', () =>
  withCommands(async start => {
    const data = fixture('iris.csv')
    const guest = join(folder.path, 'guest')
    const visitor = start(['up', '--data', data, '--home', guest, '--rounds', '1', ...local])
    const [, id] = await visitor.writes('stderr', /^node +(\S+)/m)
    visitor.signal('SIGTERM')
    await visitor.ended()
    const host = start(['up', '--data', data, '--home', join(folder.path, 'host'), '--allow', id, '--json', ...local])
    const [, address] = await host.writes('stderr', /murmur join (\/ip4\/\S+\/p2p\/\S+) --data/)
    const stranger = await runMurmur([
      'join',
      address,
      '--data',
      data,
      '--home',
      free(),
      '--join-timeout',
      '2',
      ...local
    ])
    assert.is(stranger.code, 4)
    const known = start(['join', address, '--data', data, '--home', guest, '--fresh', '--json', ...local])
    await known.writes('stdout', /"averagedWith":1/)
  })
)

function free(): string {
  return join(folder.path, 'stranger')
}

doctor.run()
