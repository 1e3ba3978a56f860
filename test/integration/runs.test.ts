import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../helpers/fixture.js'
import { runMurmur } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const runs = suite('murmur runs, report')
const folder = temporaryFolder()
const out = join(folder.path, 'runs')
const iris = [
  'simulate',
  '--dataset',
  fixture('iris.csv'),
  '--rounds',
  '3',
  '--local-steps',
  '5',
  '--workers',
  '1',
  '--out',
  out
]

runs('are listed, compared, and told in one file', async () => {
  for (const flags of [
    ['--nodes', '3'],
    ['--nodes', '4', '--topology', 'ring', '--latency', '30']
  ]) {
    const { code, stderr } = await runMurmur([...iris, ...flags])
    assert.is(code, 0, stderr)
  }
  const ids = readdirSync(out).sort()
  const list = await runMurmur(['runs', '--out', out])
  assert.match(
    list.stdout,
    new RegExp(`^RUN +NODES .*\\n${ids[0]} +3 .* anti-entropy, adaptive-top-k +3 +\\d+\\.\\d %`)
  )
  const listed = JSON.parse((await runMurmur(['runs', '--out', out, '--json'])).stdout) as { id: string }[]
  assert.equal(
    listed.map(({ id }) => id),
    ids
  )
  const compared = await runMurmur(['runs', ...ids, '--out', out])
  assert.match(compared.stdout, /^nodes +3 +4$/m)
  assert.match(compared.stdout, /^settings.topology +"exponential" +"ring"$/m)
  assert.match(compared.stdout, /^accuracy +\d+\.\d % \(.*\) +\d+\.\d % \(.*\)$/m)

  const latest = await runMurmur(['report', '--out', out, '--json'])
  const { file: path } = JSON.parse(latest.stdout) as { file: string }
  assert.is(path, join(out, ids[1], 'report.html'))
  const html = readFileSync(path, 'utf8')
  assert.match(html, new RegExp(`murmur simulate --replay '?${join(out, ids[1])}'?<`))
  for (const title of [
    'Training loss',
    'Accuracy on held-out rows',
    'Who averages with whom: ring',
    'Bytes sent a node'
  ]) {
    assert.ok(html.includes(title), title)
  }
  assert.not.match(html.replaceAll('http://www.w3.org/', ''), /https?:|<script|<link|src=/)
})

runs('says what is wrong with a record', async () => {
  const none = await runMurmur(['report', 'nothing', '--out', out])
  assert.is(none.code, 3)
  assert.match(none.stderr, /^✖ no run "nothing" in \S+, nor a folder of that name\. `murmur runs` lists/)
  const one = await runMurmur(['runs', 'a', '--out', out])
  assert.is(one.code, 2)
  assert.match(one.stderr, /^✖ 1 runs; expected two to compare, or none for a list/)
  folder.write('config.json', '{"nodes": "many"}')
  folder.write('summary.json', '{}')
  const broken = await runMurmur(['report', folder.path, '--out', out])
  assert.is(broken.code, 3)
  assert.match(broken.stderr, /^✖ \S+config\.json cannot be used: nodes: .* Expected what `murmur swarm` wrote\./)
  const empty = await runMurmur(['runs', '--out', join(folder.path, 'empty')])
  assert.match(empty.stdout, /^no runs in /)
})

runs.run()
