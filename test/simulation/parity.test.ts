import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Summary } from '../../scripts/swarm/summary.js'
import { fixture } from '../helpers/fixture.js'
import { runMurmur } from '../helpers/run-murmur.js'
import { temporaryFolder } from '../helpers/temporary-folder.js'

const parity = suite('parity of simulated and real nodes')
const folder = temporaryFolder()

/** What each node ended with, told by a swarm of a kind. */
async function learned(command: 'swarm' | 'simulate', flags: readonly string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await runMurmur([command, ...flags, '--json', '--out', folder.path])
  assert.is(code, 0, stderr)
  const { perNode } = JSON.parse(stdout) as Summary
  return perNode.map(({ peer, round, loss, accuracy, parametersHash }) => [peer, round, loss, accuracy, parametersHash])
}

parity('eight processes over TCP and eight virtual nodes learn the same, bit for bit', async () => {
  const flags = [
    ...['--nodes', '8', '--rounds', '20', '--dataset', fixture('iris.csv'), '--local-steps', '3', '--batch-size', '8'],
    ...['--model', 'mlp:16', '--averaging', 'd-psgd', '--topology', 'exponential', '--compress', 'quantize:8'],
    ...['--partition', 'dirichlet:0.5', '--eval-every', '10', '--seed', '3']
  ]
  const real = await learned('swarm', [...flags, '--reproducible'])
  const [, round, , , hash] = real[0] as [string, number, number, number, string]
  assert.is(round, 20)
  assert.match(hash, /^[0-9a-f]{16}$/)
  assert.is(new Set(real.map(row => (row as unknown[])[4])).size, 8)
  const conditions = ['--latency', 'log-normal:40,1', '--bandwidth', 'uniform:1,10', '--stragglers', '0.3:4']
  assert.equal(await learned('simulate', [...flags, ...conditions, '--workers', '3']), real)
})

parity('a round memory steers the steps of processes and of virtual nodes alike', async () => {
  const flags = [
    ...['--nodes', '4', '--rounds', '8', '--dataset', fixture('iris.csv'), '--local-steps', '3', '--batch-size', '8'],
    ...[
      '--model',
      'softmax',
      '--averaging',
      'd-psgd',
      '--topology',
      'ring',
      '--round-memory',
      'quasi-global',
      '--eval-every',
      '8'
    ]
  ]
  const real = await learned('swarm', [...flags, '--reproducible'])
  assert.is((real[0] as unknown[])[1], 8)
  assert.equal(await learned('simulate', flags), real)
  assert.not.equal(await learned('simulate', [...flags, '--round-memory', 'outer']), real)
})

parity.run()
